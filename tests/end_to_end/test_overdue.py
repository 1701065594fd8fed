"""Executions that this version of the program cannot read, as after a downgrade: each ends by its deadline and a grace, a
cancellation takes effect, everything answers, and the schedule goes on."""

import sqlite3
import unittest

from cluster import ClusterTest
from harness import PlatformTest, step, wait_until

LEASE = 1.5        # seconds; heartbeats come six times as often
DEADLINE = 6
GRACE = 2 * LEASE  # of those who hold runs
TENANTS = 12
HANGS = {"kind": "hang", "route": "generate_forecasts"}
LATER = '"kind": "later", "name"'


class UnreadableExecutions:
    """For both databases."""

    def open_unreadable(self, **fields):
        """Its id; its steps hang when it becomes unreadable."""
        orchestrator = self.orchestrator
        name = self.workflow_of(orchestrator, **fields)
        id = orchestrator.execute(name)
        wait_until(lambda: orchestrator.execution(id)["planning_complete"], "it is planned")
        orchestrator.kill()
        self.edit('"name"', LATER)
        orchestrator.start()
        return id

    def workflow_of(self, orchestrator, **fields):
        return self.workflow(orchestrator, step("forecast"), step("plan", depends_on=["forecast"]),
                             max_execution_time_seconds=DEADLINE, **fields)

    def health_problems(self, id):
        return [each["message"] for each in self.orchestrator.api("GET", "/health").json["problems"]
                if (each["kind"], each["subject"]) == ("execution", id)]

    def assert_everything_answers(self, id):
        orchestrator = self.orchestrator
        shown = orchestrator.execution(id)
        self.assertIn("cannot read the definition", shown["error_message"])
        self.assertEqual([each["step_name"] for each in shown["step_summaries"]], ["forecast", "plan"])
        self.assertIn(id, [each["id"] for each in orchestrator.list("/executions", "executions")])
        self.assertEqual(len(orchestrator.list(f"/executions/{id}/tenants", "tenants")), TENANTS)
        orchestrator.list(f"/executions/{id}/logs", "logs")
        wait_until(lambda: self.health_problems(id), "the health check says so", 10)
        self.assertIn("cannot read the definition", self.health_problems(id)[0])

    def check_end_by_deadline(self):
        id = self.open_unreadable()
        self.assert_everything_answers(id)
        shown = self.orchestrator.wait_for_end(id, DEADLINE + GRACE + 10)
        self.assertEqual((shown["status"], shown["tenants"]["failed"]), ("failed", TENANTS))
        self.assertEqual(shown["steps_skipped"], shown["steps_total"])
        for run in self.orchestrator.list(f"/executions/{id}/tenants", "tenants"):
            self.assertEqual([each["error_code"] for each in run["steps"]], ["deadline_exceeded"] * 2)
            self.assertIn("deadline passed before this step could be called", run["steps"][0]["error_message"])
        logs = self.orchestrator.list(f"/executions/{id}/logs", "logs")
        self.assertIn("the deadline has passed", logs[-1]["log_message"])
        wait_until(lambda: not self.health_problems(id), "the health check has nothing to say", 10)
        refused = self.orchestrator.api("POST", f"/executions/{id}/retry")
        self.assertEqual(refused.status, 409, refused)
        self.assertIn("cannot read the definition", refused.json["detail"])

    def check_cancellation(self):
        id = self.open_unreadable()
        answer = self.orchestrator.api("POST", f"/executions/{id}/cancel")
        self.assertEqual(answer.status, 202, answer)
        shown = self.orchestrator.wait_for_end(id, DEADLINE - 1)
        self.assertEqual((shown["status"], shown["tenants"]["cancelled"]), ("cancelled", TENANTS))


class OnSqlite(PlatformTest, UnreadableExecutions):
    def setUp(self):
        self.platform_ = self.platform(TENANTS, HANGS, ORCHESTRATOR_LEASE_SECONDS=LEASE)
        self.orchestrator = self.platform_.orchestrator

    def edit(self, old, new):
        self.write("UPDATE orchestrator_definitions SET definition = replace(definition, ?, ?)", old, new)

    def write(self, sql, *parameters):
        database = sqlite3.connect(self.orchestrator.database)
        with database:
            database.execute(sql, parameters)
        database.close()

    def test_ends_by_its_deadline(self):
        self.check_end_by_deadline()

    def test_is_cancelled(self):
        self.check_cancellation()

    def test_does_not_stop_its_schedule(self):
        orchestrator = self.orchestrator
        name = self.workflow_of(orchestrator, cron_expression="* * * * *", timezone="UTC", overlap_policy="skip")
        orchestrator.stop()
        self.write("UPDATE orchestrator_workflows SET decided_until = decided_until - 600000")
        self.write("UPDATE orchestrator_schedule_versions SET changed_at = changed_at - 600000")
        orchestrator.environment["ORCHESTRATOR_SCHEDULER"] = "on"
        orchestrator.start()

        def started():
            return [each["id"] for each in orchestrator.list(f"/executions?workflow={name}", "executions")]
        first = wait_until(started, "a past minute is made up for")[0]
        orchestrator.kill()
        self.edit('"name"', LATER)
        orchestrator.start()
        self.assertEqual(orchestrator.wait_for_end(first)["status"], "failed")
        wait_until(lambda: len(started()) > 1, "a later minute starts", 130)


class OnPostgresql(ClusterTest, UnreadableExecutions):
    def setUp(self):
        self.cluster_ = self.cluster(1, TENANTS, HANGS, ORCHESTRATOR_LEASE_SECONDS=LEASE)
        self.orchestrator = self.cluster_.any()

    workflow = PlatformTest.workflow

    def edit(self, old, new):
        self.cluster_.database.query("UPDATE orchestrator_definitions SET definition = "
                                     f"replace(definition::text, '{old}', '{new}')::json")

    def test_ends_by_its_deadline(self):
        self.check_end_by_deadline()

    def test_is_cancelled(self):
        self.check_cancellation()


if __name__ == "__main__":
    unittest.main()
