"""One workflow step against a service that misbehaves for a fifth of the tenants: the deadline is kept, the others are
not disturbed, and what is stored of an answer is bounded."""

import time
import unittest

from harness import PlatformTest, step

TENANTS = 60
SHARE = 0.2
TIMEOUT_MS = 3_000  # long beside the moment after which a service that hangs for some is called for the others
LONGEST_RESULT = 16 << 10


class MisbehavingServices(PlatformTest):
    def run_against(self, *rules, retry=None, **settings):
        """Returns the platform, the execution, and each run's only step by tenant."""
        platform = self.platform(
            TENANTS, *({"route": "generate_forecasts", "tenant_share": SHARE, **rule} for rule in rules), **settings)
        name = self.workflow(platform.orchestrator, step("forecast", timeout_seconds=TIMEOUT_MS / 1_000,
                                                         retry=retry or {"max_retries": 0}))
        id = platform.orchestrator.execute(name)
        execution = platform.orchestrator.wait_for_end(id)
        self.assert_adds_up(platform, id)
        runs = platform.orchestrator.list(f"/executions/{id}/tenants", "tenants")
        self.assertEqual(len(runs), TENANTS)
        return platform, execution, runs

    def split(self, runs):
        """The runs that the fault hit, and the others, which must have completed at the first attempt."""
        hit = [run for run in runs if run["status"] != "completed"]
        others = [run for run in runs if run["status"] == "completed"]
        self.assertTrue(2 <= len(hit) <= TENANTS / 2, f"{len(hit)} of {TENANTS} were hit")
        for run in others:
            self.assertEqual(run["steps"][0]["attempts"], 1)
        return hit, others

    def assert_failed_in_time(self, rule, error_code):
        _, execution, runs = self.run_against(rule)
        self.assertEqual(execution["status"], "partial")
        hit, others = self.split(runs)
        for run in hit:
            only = run["steps"][0]
            self.assertEqual((only["status"], only["error_code"]), ("failed", error_code), only)
            self.assertGreaterEqual(only["duration_ms"], TIMEOUT_MS - 20)
            self.assertLess(only["duration_ms"], TIMEOUT_MS + 1_000)
        # Nobody waited for them: all others had ended before the first deadline.
        self.assertLess(max(run["completed_at"] for run in others), min(run["completed_at"] for run in hit))

    def assert_failed_at_once(self, rule, error_code):
        _, execution, runs = self.run_against(rule)
        self.assertEqual(execution["status"], "partial")
        for run in self.split(runs)[0]:
            self.assertEqual(run["steps"][0]["error_code"], error_code)
            self.assertLess(run["steps"][0]["duration_ms"], TIMEOUT_MS)

    def assert_completed(self, rule):
        platform, execution, runs = self.run_against(rule)
        self.assertEqual(execution["status"], "completed")
        results = [run["steps"][0]["result"] for run in runs]
        longest = platform.orchestrator.query("SELECT max(length(CAST(result AS BLOB))) FROM orchestrator_step_results")
        self.assertLessEqual(longest[0][0], LONGEST_RESULT)
        return results

    def test_hang(self):
        self.assert_failed_in_time({"kind": "hang", "limit_seconds": 60}, "timed_out")

    def test_slow_bytes(self):
        self.assert_failed_in_time({"kind": "slow_bytes", "bytes_per_second": 10}, "timed_out")

    def test_truncated_answer(self):
        self.assert_failed_at_once({"kind": "truncated_json"}, "connection_lost")

    def test_reset(self):
        self.assert_failed_at_once({"kind": "reset"}, "connection_lost")

    def test_refusal(self):
        self.assert_failed_at_once({"kind": "error", "statuses": [422]}, "http_error")

    def test_malformed_answer_of_a_success_is_still_a_success(self):
        results = self.assert_completed({"kind": "malformed_json"})
        self.assertTrue(2 <= sum(result is None for result in results) <= TENANTS / 2)

    def test_empty_answer_of_a_success_is_still_a_success(self):
        results = self.assert_completed({"kind": "empty_object"})
        self.assertTrue(2 <= sum(result == {} for result in results) <= TENANTS / 2)

    def test_huge_answer_is_not_kept(self):
        results = self.assert_completed({"kind": "huge_body", "mebibytes": 8})
        self.assertTrue(2 <= sum("count" not in (result or {}) for result in results) <= TENANTS / 2)

    def test_lost_answers_are_asked_for_again_under_the_same_key(self):
        platform, execution, _ = self.run_against({"kind": "reset", "when": "after", "rate": 0.7},
                                                  retry={"max_retries": 20, "delay_ms": 10})
        self.assertEqual(execution["status"], "completed")
        self.assertGreater(execution["retries"], 0)
        effects = platform.simulator.effects()
        self.assertEqual(effects["distinct"], TENANTS)
        # A kept connection that breaks before the first byte is tried once more without being counted as an attempt.
        self.assertGreaterEqual(effects["repeated"], execution["retries"])

    def test_retry_after_is_obeyed_and_costs_no_attempt(self):
        platform, execution, runs = self.run_against({"kind": "throttle", "statuses": [429], "retry_after_seconds": 2,
                                                      "hits_per_tenant": 1})
        self.assertEqual((execution["status"], execution["retries"]), ("completed", 0))
        self.assertEqual({run["steps"][0]["attempts"] for run in runs}, {1})
        throttled = platform.simulator.counts()["faults"]["throttle"]
        self.assertGreaterEqual(throttled, 2)
        waited = [run for run in runs if run["steps"][0]["duration_ms"] >= 1_950]
        self.assertGreaterEqual(len(waited), throttled)

    def test_the_deadline_of_the_workflow_bounds_everything(self):
        platform = self.platform(TENANTS, {"kind": "hang", "route": "generate_forecasts", "tenant_share": SHARE})
        orchestrator = platform.orchestrator
        name = self.workflow(orchestrator, step("forecast", timeout_seconds=60), step("after", depends_on=["forecast"]),
                             max_execution_time_seconds=4)
        id = orchestrator.execute(name)
        execution = orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "partial")
        self.assertLess(execution["duration_ms"], 6_000)
        hit, _ = self.split(orchestrator.list(f"/executions/{id}/tenants", "tenants"))
        for run in hit:
            self.assertEqual([each["status"] for each in run["steps"]], ["failed", "skipped"])
            self.assertEqual(run["steps"][0]["error_code"], "deadline_exceeded")
        self.assert_adds_up(platform, id)

    def test_a_tenant_service_that_comes_back_is_waited_for(self):
        platform = self.platform(TENANTS, {"kind": "error", "route": "list_tenants", "statuses": [503]})
        id = platform.orchestrator.execute()
        time.sleep(1)
        self.assertIn(platform.orchestrator.execution(id)["status"], ("pending", "running"))
        platform.simulator.set_faults()
        self.assertEqual(platform.orchestrator.wait_for_end(id)["status"], "completed")
        self.assert_adds_up(platform, id)


if __name__ == "__main__":
    unittest.main()
