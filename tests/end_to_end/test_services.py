"""GET and PUT /services: what an operator sees, and what a pause and a limit do to runs."""

import datetime
import time
import unittest

from harness import PlatformTest, step, wait_until

REFUSED, NOT_FOUND = 2, 3
LEASE = 1.2  # seconds
HEARTBEATS = LEASE / 2


def in_an_hour():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Services(PlatformTest):
    def change(self, orchestrator, name, **change):
        answer = orchestrator.api("PUT", f"/services/{name}", change)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_all_that_are_configured_are_listed_and_called_ones_have_a_limit(self):
        orchestrator = self.platform(50).orchestrator
        services = {each["name"]: each for each in orchestrator.get("/services")["services"]}
        self.assertIn("forecasting", services)
        self.assertEqual(services["sales"]["state"], "unused")
        orchestrator.wait_for_end(orchestrator.execute())
        wait_until(lambda: orchestrator.get("/services/forecasting").get("limit"), "a limit")
        self.assertEqual(orchestrator.get("/services/forecasting")["breaker"], "closed")
        self.assertIn('orchestrator_service_limit{service="forecasting"}', orchestrator.request("GET", "/metrics").body.decode())

    def test_a_paused_service_is_called_by_nobody_and_its_runs_wait(self):
        platform = self.platform(20, ORCHESTRATOR_LEASE_SECONDS=LEASE)
        orchestrator = platform.orchestrator
        name = self.workflow(orchestrator, step("a"))
        self.change(orchestrator, "forecasting", paused_until=in_an_hour(), reason="is moved")
        wait_until(lambda: orchestrator.get("/services/forecasting")["settings"]["paused_until"], "the pause")
        time.sleep(HEARTBEATS)
        id = orchestrator.execute(name)
        wait_until(lambda: orchestrator.get("/services/forecasting")["state"] == "paused", "a waiting run", 20)
        self.assertEqual(orchestrator.execution(id)["tenants"]["completed"], 0)
        done = orchestrator.cli("service", "list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is moved", done.stdout)
        self.assertEqual(orchestrator.cli("service", "resume", "forecasting").returncode, 0)
        self.assertEqual(orchestrator.wait_for_end(id)["status"], "completed")
        self.assertEqual(orchestrator.execution(id)["tenants"]["completed"], 20)

    def test_a_limit_of_an_operator_bounds_the_calls_in_flight(self):
        platform = self.platform(60, {"kind": "latency", "distribution": "constant", "delay_ms": 100}, ORCHESTRATOR_LEASE_SECONDS=LEASE)
        orchestrator = platform.orchestrator
        name = self.workflow(orchestrator, step("a"))
        done = orchestrator.cli("service", "limit", "forecasting", "3", "--reason", "one server is down")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3 calls at most: one server is down", done.stdout)
        time.sleep(HEARTBEATS)
        id = orchestrator.execute(name)
        seen = []

        def has_ended():
            seen.append(orchestrator.get("/services/forecasting").get("in_flight", 0))
            return orchestrator.has_ended(id)

        wait_until(has_ended, "the end")
        self.assertLessEqual(max(seen), 3)

    def test_what_is_wrong_is_refused(self):
        orchestrator = self.platform(1).orchestrator
        self.assertEqual(orchestrator.api("GET", "/services/oven").status, 404)
        self.assertEqual(orchestrator.api("PUT", "/services/oven", {"max_calls": 1}).status, 404)
        self.assertEqual(orchestrator.api("PUT", "/services/sales", {"max_calls": 0}).status, 422)
        self.assertEqual(orchestrator.api("PUT", "/services/sales", {"paused_until": in_an_hour()}).status, 422)
        self.assertEqual(orchestrator.cli("service", "show", "oven").returncode, NOT_FOUND)
        self.assertEqual(orchestrator.cli("service", "pause", "sales", "--for", "1h").returncode, REFUSED)
        self.assertEqual(orchestrator.cli("service", "limit", "sales", "0").returncode, REFUSED)


if __name__ == "__main__":
    unittest.main()
