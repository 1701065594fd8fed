"""Nobody is forgotten: a list of tenants that is cut, shifts, lies or is refused, and what a retry makes of it."""

import unittest
import uuid

from harness import PlatformTest, step, wait_until

TENANTS = 1_200
PAGE = 500
REFUSAL = {"kind": "error", "route": "list_tenants", "statuses": [403]}


class Planning(PlatformTest):
    def start(self, *faults, tenants=TENANTS, **settings):
        """A platform, and a workflow of one step."""
        self.platform_ = self.platform(tenants, *faults, **settings)
        self.orchestrator, self.simulator = self.platform_.orchestrator, self.platform_.simulator
        self.name = self.workflow(self.orchestrator, step("forecast"))

    def run_with(self, **flaws):
        self.simulator.set_list_flaws(**flaws)
        execution = self.orchestrator.wait_for_end(self.orchestrator.execute(self.name))
        self.simulator.set_list_flaws()
        return execution

    def retry(self, execution):
        answer = self.orchestrator.api("POST", f"/executions/{execution['id']}/retry")
        self.assertEqual(answer.status, 202, answer)
        return self.orchestrator.wait_for_end(answer.json["id"])

    def ran_in(self, *executions):
        """How often each tenant was served in them."""
        served = {}
        for execution in executions:
            for tenant, _ in self.simulator.effects_of(execution["id"]):
                served[tenant] = served.get(tenant, 0) + 1
        return served

    def requests(self, route):
        return self.simulator.counts()["requests_by_route"].get(route, 0)

    def assert_all_ran_once(self, *executions):
        self.assertEqual(self.ran_in(*executions), dict.fromkeys(self.simulator.tenants(), 1))

    def assert_whole(self, execution):
        self.assertEqual((execution["status"], execution["planned_to_end"], execution["error_message"]),
                         ("completed", True, None))
        self.assert_adds_up(self.platform_, execution["id"])

    def assert_incomplete(self, execution, status, reason):
        self.assertEqual((execution["status"], execution["planned_to_end"], execution["planning_complete"]),
                         (status, False, True))
        self.assertIn(reason, execution["error_message"])
        self.assert_adds_up(self.platform_, execution["id"])

    def test_a_retry_takes_in_who_was_never_planned(self):
        self.start()
        first = self.run_with(refused_from=900)
        self.assert_incomplete(first, "partial", "planning broke off after")
        self.assertIn("HTTP 403", first["error_message"])
        self.assertLess(first["tenants"]["total"], TENANTS)
        second = self.retry(first)
        self.assert_whole(second)
        self.assertEqual(first["tenants"]["total"] + second["tenants"]["total"], TENANTS)
        self.assert_all_ran_once(first, second)

    def test_a_retry_of_a_retry_repeats_nobody(self):
        self.start()
        first = self.run_with(refused_from=PAGE - 1)
        self.simulator.set_list_flaws(refused_from=900)
        second = self.retry(first)
        self.assert_incomplete(second, "partial", "HTTP 403")
        self.simulator.set_list_flaws()
        third = self.retry(second)
        self.assert_whole(third)
        self.assert_all_ran_once(first, second, third)

    def test_a_refusal_of_all_runs_nobody_and_a_retry_everybody(self):
        self.start(REFUSAL)
        first = self.run_with()
        self.assert_incomplete(first, "failed", "HTTP 403")
        self.assertEqual(first["tenants"]["total"], 0)
        self.simulator.set_faults()
        second = self.retry(first)
        self.assert_whole(second)
        self.assert_all_ran_once(second)

    def test_a_retry_of_what_failed_needs_no_directory(self):
        self.start({"kind": "error", "route": "generate_forecasts", "tenant_share": 0.1, "statuses": [422]})
        first = self.run_with()
        self.assertEqual((first["status"], first["planned_to_end"]), ("partial", True))
        self.simulator.set_faults(REFUSAL)
        second = self.retry(first)
        self.assert_whole(second)
        self.assertEqual(second["tenants"]["total"], first["tenants"]["failed"])

    def test_a_service_that_gives_less_than_it_is_asked_for(self):
        self.start()
        execution = self.run_with(most_in_a_page=100)
        self.assert_whole(execution)
        self.assert_all_ran_once(execution)

    def test_a_service_that_pages_by_cursor(self):
        self.start()
        execution = self.run_with(has_cursor=True, most_in_a_page=100)
        self.assert_whole(execution)
        self.assert_all_ran_once(execution)

    def test_tenants_that_leave_between_two_pages_hide_nobody(self):
        self.start()
        for leaving in (1, 7, 200):
            execution = self.run_with(leaving=leaving)
            self.assert_whole(execution)
            self.assert_all_ran_once(execution)

    def health(self):
        """The status, and the problems of planning."""
        shown = self.orchestrator.get("/health")
        return shown["status"], [each["message"] for each in shown["problems"] if each["kind"] == "planning"]

    def test_a_list_that_ends_before_its_total(self):
        self.start()
        self.assertEqual(self.health(), ("healthy", []))
        first = self.run_with(ends_at=700)
        self.assert_incomplete(first, "partial", f"states {TENANTS} active tenants and lists 700")
        self.assertEqual(self.health()[0], "degraded")
        second = self.retry(first)
        self.assert_whole(second)
        self.assert_all_ran_once(first, second)
        self.assertEqual(self.health(), ("healthy", []))

    def test_elements_that_are_no_tenants(self):
        self.start()
        first = self.run_with(broken_every=400)
        self.assert_incomplete(first, "partial", f"3 of the {TENANTS} elements")
        self.assertNotIn("not a UUID", first["error_message"])
        second = self.retry(first)
        self.assert_whole(second)
        self.assert_all_ran_once(first, second)

    def test_no_tenants_at_all(self):
        self.start()
        first = self.run_with(is_empty=True)
        self.assert_incomplete(first, "failed", "lists no active tenants")
        second = self.retry(first)
        self.assert_whole(second)
        self.assert_all_ran_once(second)

    def test_a_tenant_that_is_named_is_asked_for_alone(self):
        self.start()
        tenant = self.simulator.tenants()[777]
        before = self.requests("list_tenants")
        id = self.orchestrator.execute(self.name, {"tenant_ids": [tenant]})
        self.assert_whole(self.orchestrator.wait_for_end(id))
        self.assertEqual((self.requests("list_tenants"), self.requests("get_tenant")), (before, 1))
        nobody = str(uuid.uuid4())
        unknown = self.orchestrator.wait_for_end(self.orchestrator.execute(self.name, {"tenant_ids": [nobody]}))
        self.assert_incomplete(unknown, "failed", nobody)

    def test_executions_that_start_together_share_the_list(self):
        self.start(tenants=2_000)
        before = self.requests("list_tenants")
        ids = [self.orchestrator.execute(self.name, {"subscription_tiers": ["enterprise"]}) for _ in range(20)]
        executions = [self.orchestrator.wait_for_end(id) for id in ids]
        for execution in executions:
            self.assert_whole(execution)
        # A walk takes seven pages; each execution on its own would have had one.
        self.assertLessEqual(self.requests("list_tenants") - before, 4 * 7)

    def test_what_planning_waits_for_is_told(self):
        self.start({"kind": "hang", "route": "list_tenants", "limit_seconds": 60})
        id = self.orchestrator.execute(self.name)
        waits = wait_until(lambda: self.orchestrator.execution(id)["error_message"], "the execution says so", 10)
        self.assertIn("planning waits: the tenant service does not answer", waits)
        self.assertEqual(self.health(), ("degraded", ["the tenant service does not answer"]))
        self.simulator.set_faults()


if __name__ == "__main__":
    unittest.main()
