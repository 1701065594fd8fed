"""Scheduled work beside a torture: a workflow that is due every minute, and backfills of one that is due once a day. Each
of their times becomes one execution, whoever led."""

import datetime

from harness import step, wait_until

DAYS = 3  # in one backfill


class Schedules:
    def __init__(self, cluster):
        self.cluster, self.first_day = cluster, datetime.date.today() - datetime.timedelta(days=2)
        for name, cron in (("every_minute", "* * * * *"), ("every_day", "0 12 * * *")):
            cluster.ask(201, "POST", "/workflows", {
                "workflow_name": name, "steps": [step("forecast", retry={"max_retries": 5, "delay_ms": 100})],
                "cron_expression": cron, "timezone": "UTC", "overlap_policy": "allow", "misfire_policy": "fire_all",
                "end_date": None if name == "every_minute" else self.first_day.isoformat()})

    def begin_backfill(self):
        """Of days that none was about."""
        last = self.first_day
        self.first_day -= datetime.timedelta(days=DAYS)
        # 409: it was opened, but we did not hear of it.
        self.cluster.ask((201, 409), "POST", "/backfills", {
            "workflow_name": "every_day", "start_date": (self.first_day + datetime.timedelta(days=1)).isoformat(),
            "end_date": last.isoformat(), "max_concurrent": DAYS})

    def pause(self):
        """Nothing becomes due any more, and all that was is over."""
        self.decided_until = wait_until(lambda: self.cluster.database.query(
            "SELECT now() FROM orchestrator_workflows WHERE workflow_name = 'every_minute' AND next_execution_at > now()"),
            "every minute so far is decided")[0][0]
        self.cluster.ask(200, "PUT", "/schedule", {"workflow_name": "every_minute", "is_paused": True})
        database = self.cluster.database
        wait_until(lambda: database.number(
            "SELECT (SELECT count(*) FROM orchestrator_backfill_occurrences WHERE execution_id IS NULL) + "
            "(SELECT count(*) FROM orchestrator_executions WHERE status IN ('pending', 'running'))") == 0,
            "all that was due has run", 180)

    def check(self, test):
        database = self.cluster.database
        minutes = ("FROM orchestrator_schedule_occurrences JOIN orchestrator_workflows w ON w.id = workflow_id "
                   "WHERE workflow_name = 'every_minute'")
        test.assertEqual(database.query(f"SELECT scheduled_for, outcome, reason {minutes} AND outcome <> 'started'"), [])
        test.assertEqual(database.query(
            f"SELECT generate_series(min(scheduled_for), '{self.decided_until}', INTERVAL '1 minute') {minutes} "
            f"EXCEPT SELECT scheduled_for {minutes}"), [], "no minute is missing")
        promised = ("SELECT workflow_id, scheduled_for, execution_id FROM orchestrator_schedule_occurrences UNION "
                    "SELECT workflow_id, scheduled_for, execution_id FROM orchestrator_backfill_occurrences "
                    "JOIN orchestrator_backfills ON id = backfill_id")
        kept = "SELECT workflow_id, scheduled_for, id FROM orchestrator_executions WHERE scheduled_for IS NOT NULL"
        for one, other in ((promised, kept), (kept, promised)):
            test.assertEqual(database.query(f"({one}) EXCEPT ALL ({other}) LIMIT 10"), [], "each time is one execution")
        return database.number(f"SELECT count(*) FROM ({kept}) AS kept")
