"""The API as a client sees it: definitions, errors, the event stream, health."""

import json
import random
import unittest

from harness import BASE, FINAL, PlatformTest, step


class EventStream:
    """Reads server-sent events of one execution; `last_id` survives a connection."""

    def __init__(self, orchestrator, execution):
        self.orchestrator, self.path = orchestrator, f"{BASE}/executions/{execution}/events"
        self.last_id, self.logs, self.progress, self.end = None, [], 0, None

    def read(self, most_logs=None):
        """Until the end, or until so many logs came; then the connection is dropped."""
        connection = self.orchestrator.connect(timeout=60)
        try:
            headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
            connection.request("GET", self.path, headers=headers)
            response = connection.getresponse()
            assert response.status == 200, response.status
            assert response.getheader("Content-Type") == "text/event-stream"
            fields, logs = {}, 0
            while line := response.readline():
                line = line.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                logs += self._take(fields)
                fields = {}
                if logs == most_logs:
                    return
        finally:
            connection.close()

    def _take(self, fields):
        kind = fields.get("event")
        if kind == "log":
            self.last_id = fields["id"]
            self.logs.append(json.loads(fields["data"]))
            return 1
        if kind == "progress":
            self.progress += 1
        if kind == "end":
            self.end = json.loads(fields["data"])
        return 0


class Api(PlatformTest):
    def test_a_definition_that_breaks_rules_is_told_all_of_them(self):
        orchestrator = self.platform(1).orchestrator
        before = orchestrator.get("/workflows")
        answer = orchestrator.api("POST", "/workflows", {
            "workflow_name": "Not A Name", "max_retries": 99, "colour": "red",
            "steps": [step("a", depends_on=["b"]), step("b", depends_on=["a"]), step("c", service="nowhere"),
                      step("c", path="no/slash"), step("d", trigger_rule="sometimes", timeout_seconds=0),
                      step("e", body={"x": "{{steps.d.result}}"}), step("f", depends_on=["nobody"])]})
        self.assertEqual(answer.status, 422)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertEqual(answer.json["code"], "invalid_argument")
        pointers = {each["pointer"] for each in answer.json["errors"]}
        self.assertLessEqual({"/workflow_name", "/max_retries", "/colour", "/steps/0/depends_on", "/steps/2/service",
                              "/steps/3/name", "/steps/3/path", "/steps/4/trigger_rule", "/steps/4/timeout_seconds",
                              "/steps/5/body/x", "/steps/6/depends_on/0"}, pointers)
        self.assertEqual(orchestrator.get("/workflows"), before, "nothing was created")

    def test_bodies_that_are_no_definition(self):
        orchestrator = self.platform(1).orchestrator
        for status, body, headers in [
                (400, b"{", {}), (400, b"", {}), (422, b"[]", {}), (415, b"{}", {"Content-Type": "text/plain"}),
                (413, b'{"description": "' + b"x" * (2 << 20) + b'"}', {}), (400, b"[" * 100_000, {}),
                (400, b'{"workflow_name": "\xff"}', {})]:
            with self.subTest(body=body[:40]):
                self.assertEqual(orchestrator.api("POST", "/workflows", body, headers).status, status)

    def test_paths_methods_and_parameters_that_are_wrong(self):
        orchestrator = self.platform(1).orchestrator
        nobody = "00000000-0000-7000-8000-000000000000"
        for status, method, path in [
                (404, "GET", "/nothing"), (404, "GET", "/workflows/nobody"), (404, "GET", f"/executions/{nobody}"),
                (400, "GET", "/executions/not-an-id"), (405, "DELETE", "/executions"), (400, "GET", "/executions?limit=0"),
                (400, "GET", "/executions?limit=501"), (400, "GET", "/executions?status=happy"),
                (400, "GET", "/executions?colour=red"), (400, "GET", "/executions?cursor=%zz"),
                (404, "POST", "/workflows/nobody/execute"), (404, "POST", f"/executions/{nobody}/retry"),
                (404, "GET", f"/executions/{nobody}/events"), (400, "POST", "/workflows/daily_operations/restore")]:
            with self.subTest(method=method, path=path):
                answer = orchestrator.api(method, path)
                self.assertEqual(answer.status, status, answer)
                self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertIn("GET", orchestrator.api("DELETE", "/executions").headers["allow"])

    def test_the_life_of_a_workflow(self):
        orchestrator = self.platform(3).orchestrator
        name = self.workflow(orchestrator, step("forecast"))
        id = orchestrator.get(f"/workflows/{name}")["id"]
        again = orchestrator.api("POST", "/workflows", {"workflow_name": name, "steps": [step("forecast")]})
        self.assertEqual((again.status, again.json["code"]), (409, "already_exists"))
        orchestrator.api("POST", f"/workflows/{name}/disable")
        self.assertEqual(orchestrator.api("POST", f"/workflows/{name}/execute").status, 409)
        orchestrator.api("POST", f"/workflows/{name}/enable")
        execution = orchestrator.execute(name)
        self.assertEqual(orchestrator.wait_for_end(execution)["status"], "completed")

        self.assertEqual(orchestrator.api("DELETE", f"/workflows/{name}").status, 204)
        self.assertEqual(orchestrator.api("GET", f"/workflows/{name}").status, 404)
        self.assertEqual(orchestrator.execution(execution)["workflow_name"], name, "history stays")
        self.assertEqual(orchestrator.api("POST", f"/workflows/{id}/restore").status, 200)
        self.assertEqual(orchestrator.get(f"/workflows/{name}")["id"], id)

    def test_a_change_does_not_touch_a_run_under_way(self):
        platform = self.platform(50, {"kind": "latency", "distribution": "constant", "delay_ms": 50},
                                 ORCHESTRATOR_MAX_CALLS=4)
        orchestrator = platform.orchestrator
        name = self.workflow(orchestrator, step("first"), step("second", depends_on=["first"]))
        id = orchestrator.execute(name)
        orchestrator.wait_for_steps(id, 5)
        changed = {"workflow_name": name, "steps": [step("another")]}
        self.assertEqual(orchestrator.api("PUT", f"/workflows/{name}", changed).status, 200)
        self.assertEqual(orchestrator.wait_for_end(id)["status"], "completed")
        self.assertEqual({name for _, name in platform.simulator.effects_of(id)}, {"first", "second"})
        self.assert_adds_up(platform, id)

    def test_the_event_stream_misses_nothing_over_reconnections(self):
        platform = self.platform(100, {"kind": "latency", "distribution": "uniform", "min_ms": 5, "max_ms": 30},
                                 {"kind": "error", "rate": 0.05, "statuses": [500]}, ORCHESTRATOR_MAX_CALLS=16)
        orchestrator = platform.orchestrator
        id = orchestrator.execute()
        stream, draws = EventStream(orchestrator, id), random.Random(7)
        while stream.end is None:
            stream.read(most_logs=draws.choice([1, 10, 60, 200, None]))
        self.assertEqual([log["sequence"] for log in stream.logs], list(range(1, len(stream.logs) + 1)))
        self.assertEqual(stream.logs, orchestrator.list(f"/executions/{id}/logs", "logs"))
        self.assertIn(stream.end["status"], FINAL)
        self.assertEqual(stream.end, orchestrator.execution(id))

    def test_the_event_stream_goes_on_after_a_crash(self):
        platform = self.platform(150, {"kind": "latency", "distribution": "uniform", "min_ms": 5, "max_ms": 30},
                                 ORCHESTRATOR_MAX_CALLS=16)
        orchestrator = platform.orchestrator
        id = orchestrator.execute()
        stream = EventStream(orchestrator, id)
        stream.read(most_logs=100)
        orchestrator.kill()
        orchestrator.start()
        while stream.end is None:
            stream.read()
        self.assertEqual([log["sequence"] for log in stream.logs], list(range(1, len(stream.logs) + 1)))
        self.assertEqual(stream.logs, orchestrator.list(f"/executions/{id}/logs", "logs"))

    def test_a_stream_without_logs_has_progress_and_an_end(self):
        platform = self.platform(60, {"kind": "latency", "distribution": "constant", "delay_ms": 30},
                                 ORCHESTRATOR_MAX_CALLS=16)
        stream = EventStream(platform.orchestrator, platform.orchestrator.execute())
        stream.path += "?logs=false"
        stream.read()
        self.assertEqual(stream.logs, [])
        self.assertGreater(stream.progress, 0)
        self.assertEqual(stream.end["status"], "completed")

    def test_health(self):
        platform = self.platform(1)
        health = platform.orchestrator.get("/health")
        self.assertEqual(health["status"], "healthy")
        self.assertRegex(health["instance_id"], "_[0-9a-f]{8}$")  # no other process's, whatever the host's name
        self.assertEqual(health["store"], {"kind": "sqlite", "problem": None})
        self.assertEqual((health["active_runs"], health["calls_in_flight"]), (0, 0))
        self.assertEqual(platform.orchestrator.get("/health/live"), {"status": "alive"})

    def test_head_has_no_body(self):
        platform = self.platform(1)
        answer = platform.orchestrator.api("HEAD", "/workflows")
        self.assertEqual((answer.status, answer.body), (200, b""))


if __name__ == "__main__":
    unittest.main()
