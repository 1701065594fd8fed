"""Runs of daily_operations from the request to the last row."""

import random
import signal
import time
import unittest

from harness import DAILY_STEPS, PlatformTest, wait_until

SLOW = {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 5, "max_ms": 40}


class DailyRun(PlatformTest):
    def test_completes_and_every_effect_happens_once(self):
        platform = self.platform(200)
        id = platform.orchestrator.execute()
        execution = platform.orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "completed", execution)
        self.assertEqual(execution["tenants"]["total"], 200)
        self.assertEqual(execution["steps_completed"], 200 * DAILY_STEPS)
        effects = platform.simulator.effects()
        self.assertEqual((effects["distinct"], effects["repeated"]), (200 * DAILY_STEPS, 0))
        self.assert_adds_up(platform, id)

    def test_faults_that_pass_are_retried_and_those_that_stay_are_told(self):
        platform = self.platform(
            150,
            {"kind": "error", "route": "calculate_production", "tenant_share": 0.1, "statuses": [422]},
            {"kind": "error", "route": "*", "rate": 0.02, "statuses": [500, 503], "when": "after"},
            {"kind": "truncated_json", "route": "*", "rate": 0.01})
        id = platform.orchestrator.execute()
        execution = platform.orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "partial", execution)
        self.assertGreater(execution["retries"], 0)
        self.assertGreater(execution["steps_failed"], 0)
        # A refused step skips what depends on it, and the summary is sent all the same.
        self.assertGreaterEqual(execution["steps_skipped"], 2 * execution["tenants"]["partial"] - 2)
        summary = execution["step_summaries"][-1]
        self.assertEqual((summary["step_name"], summary["skipped"]), ("send_summary", 0))
        self.assert_adds_up(platform, id)

    def test_an_idempotency_key_starts_one_execution(self):
        orchestrator = self.platform(20).orchestrator
        first = orchestrator.api("POST", "/workflows/daily_operations/execute", headers={"Idempotency-Key": "today"})
        again = orchestrator.api("POST", "/workflows/daily_operations/execute", headers={"Idempotency-Key": "today"})
        other = orchestrator.api("POST", "/workflows/daily_operations/execute", headers={"Idempotency-Key": "tomorrow"})
        self.assertEqual((first.status, again.status, other.status), (202, 200, 202))
        self.assertEqual(first.json["id"], again.json["id"])
        self.assertNotEqual(first.json["id"], other.json["id"])
        self.assertEqual(first.headers["location"], again.headers["location"])
        self.assertEqual(len(orchestrator.list("/executions", "executions")), 2)

    def test_only_the_tenants_that_were_asked_for_run(self):
        platform = self.platform(30)
        orchestrator = platform.orchestrator
        everybody = orchestrator.execute()
        orchestrator.wait_for_end(everybody)
        chosen = [run["tenant_id"] for run in orchestrator.list(f"/executions/{everybody}/tenants", "tenants")][:3]
        id = orchestrator.execute(body={"tenant_ids": chosen})
        execution = orchestrator.wait_for_end(id)
        self.assertEqual(execution["tenants"]["total"], 3)
        self.assertEqual({tenant for tenant, _ in platform.simulator.effects_of(id)}, set(chosen))

    def test_cancel_in_the_middle_ends_and_adds_up(self):
        platform = self.platform(300, SLOW, ORCHESTRATOR_MAX_CALLS=8)
        orchestrator = platform.orchestrator
        id = orchestrator.execute()
        orchestrator.wait_for_steps(id, 100)
        self.assertEqual(orchestrator.api("POST", f"/executions/{id}/cancel").status, 202)
        execution = orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "cancelled")
        self.assertGreater(execution["tenants"]["cancelled"], 0)
        self.assertGreater(execution["steps_skipped"], 0)
        self.assertEqual(orchestrator.api("POST", f"/executions/{id}/cancel").status, 409)
        done = platform.simulator.effects()["calls"]
        time.sleep(0.5)
        self.assertEqual(platform.simulator.effects()["calls"], done, "calls went on after the end")
        self.assert_counts_add_up(orchestrator, id)

    def assert_counts_add_up(self, orchestrator, id):
        """After a cancellation a call may have had its effect although its step is not recorded as completed."""
        shown = orchestrator.execution(id)
        tenants = shown["tenants"]
        self.assertEqual(tenants["pending"], 0)
        self.assertEqual(shown["steps_completed"] + shown["steps_failed"] + shown["steps_skipped"], shown["steps_total"])
        self.assertEqual(shown["steps_total"], tenants["total"] * DAILY_STEPS)

    def test_a_retry_runs_what_failed_and_nothing_else(self):
        platform = self.platform(60, {"kind": "error", "route": "calculate_procurement", "tenant_share": 0.3,
                                      "statuses": [422]})
        orchestrator = platform.orchestrator
        first = orchestrator.execute()
        before = orchestrator.wait_for_end(first)
        self.assertEqual(before["status"], "partial")
        self.assert_adds_up(platform, first)
        platform.simulator.set_faults()

        answer = orchestrator.api("POST", f"/executions/{first}/retry")
        self.assertEqual(answer.status, 202, answer)
        second = answer.json["id"]
        after = orchestrator.wait_for_end(second)
        self.assertEqual((after["status"], after["execution_type"], after["retry_of"]), ("completed", "retry", first))
        self.assertEqual(after["tenants"]["total"], before["tenants"]["partial"] + before["tenants"]["failed"])
        # Procurement, and the summary that told that it was missing.
        self.assertEqual({name for _, name in platform.simulator.effects_of(second)},
                         {"calculate_procurement", "send_summary"})
        self.assert_adds_up(platform, second)
        self.assertEqual(orchestrator.api("POST", f"/executions/{second}/retry").status, 409)

    def test_sigterm_ends_what_is_under_way_and_the_next_start_goes_on(self):
        platform = self.platform(300, SLOW, ORCHESTRATOR_MAX_CALLS=8, ORCHESTRATOR_DRAIN_SECONDS=10)
        orchestrator = platform.orchestrator
        id = orchestrator.execute()
        random.seed(1)
        for stops in range(3):
            orchestrator.wait_for_steps(id, 100 + stops * 300 + random.randrange(100))
            began = time.monotonic()
            self.assertEqual(orchestrator.stop(), 0, orchestrator.log_tail())
            self.assertLess(time.monotonic() - began, 10, "every call was short, so that the drain is, too")
            orchestrator.start()
        execution = orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "completed")
        self.assert_adds_up(platform, id)
        self.assertEqual(platform.simulator.effects()["repeated"], 0, "a drained call is not made again")

    @staticmethod
    def wait_for_hanging_calls(platform):
        wait_until(lambda: platform.simulator.counts()["faults"]["hang"] > 1, "calls hang")

    def test_sigterm_does_not_wait_longer_than_it_was_told(self):
        platform = self.platform(20, {"kind": "hang", "route": "generate_forecasts"}, ORCHESTRATOR_DRAIN_SECONDS=1)
        orchestrator = platform.orchestrator
        id = orchestrator.execute()
        self.wait_for_hanging_calls(platform)
        began = time.monotonic()
        self.assertEqual(orchestrator.stop(), 0, orchestrator.log_tail())
        self.assertLess(time.monotonic() - began, 8)
        platform.simulator.set_faults()
        orchestrator.start()
        self.assertEqual(orchestrator.wait_for_end(id)["status"], "completed")
        self.assert_adds_up(platform, id)

    def test_a_second_signal_ends_at_once(self):
        platform = self.platform(20, {"kind": "hang", "route": "generate_forecasts"}, ORCHESTRATOR_DRAIN_SECONDS=60)
        orchestrator = platform.orchestrator
        orchestrator.execute()
        self.wait_for_hanging_calls(platform)
        orchestrator.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        orchestrator.send_signal(signal.SIGTERM)
        self.assertNotEqual(orchestrator.wait(5), 0)


if __name__ == "__main__":
    unittest.main()
