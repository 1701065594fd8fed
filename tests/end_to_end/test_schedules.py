"""What is due is started by itself, once, also after downtime; and every day can be explained."""

import datetime
import sqlite3
import unittest

from harness import PlatformTest, wait_until

HOUR = 3_600_000


class Schedules(PlatformTest):
    def shift_back(self, orchestrator, hours):
        """As if the orchestrator had been away for so long."""
        orchestrator.stop()
        database = sqlite3.connect(orchestrator.database)
        with database:
            for sql in ("UPDATE orchestrator_workflows SET decided_until = decided_until - ?",
                        "UPDATE orchestrator_schedule_versions SET changed_at = changed_at - ?"):
                database.execute(sql, (hours * HOUR,))
        database.close()
        orchestrator.environment["ORCHESTRATOR_SCHEDULER"] = "on"
        orchestrator.start()

    def scheduled(self, orchestrator, workflow, least=1):
        """Those that have ended, the oldest first."""
        def ended():
            rows = [each for each in orchestrator.list("/executions", "executions")
                    if each["workflow_name"] == workflow and each["scheduled_for"]]
            done = all(each["completed_at"] for each in rows)
            return sorted(rows, key=lambda each: each["scheduled_for"]) if done and len(rows) >= least else None
        return wait_until(ended, f"{least} scheduled executions of {workflow} end")

    def explain(self, orchestrator, workflow, scheduled_for):
        day = scheduled_for[:10]
        return orchestrator.get(f"/schedule/explain?workflow={workflow}&date={day}")

    def hourly(self, platform, **fields):
        step = {"name": "forecast", "service": "forecasting", "path": "/api/v1/forecasting/generate",
                "body": {"tenant_id": "{{tenant.id}}"}}
        return self.workflow(platform.orchestrator, step, cron_expression="0 * * * *", timezone="UTC", **fields)

    def test_what_passed_while_nobody_ran_is_made_up_for_once(self):
        platform = self.platform(5)
        orchestrator = platform.orchestrator
        name = self.hourly(platform)
        self.shift_back(orchestrator, 4)
        runs = self.scheduled(orchestrator, name)
        # Another hour may have struck meanwhile.
        self.assertIn(len(runs), (1, 2))
        self.assertEqual(runs[0]["execution_type"], "scheduled")
        self.assert_adds_up(platform, runs[0]["id"])
        decided = orchestrator.query("SELECT outcome, reason, count(*) FROM orchestrator_schedule_occurrences"
                                     " GROUP BY 1, 2 ORDER BY 1")
        self.assertEqual([row[:2] for row in decided], [("missed", "superseded"), ("started", "")])
        self.assertIn(decided[0][2], (3, 4))
        lines = self.explain(orchestrator, name, runs[0]["scheduled_for"])["lines"]
        ran = [line for line in lines if line["execution_id"] == runs[0]["id"]]
        self.assertEqual([line["explanation"] for line in ran], ["it ran"])

        # A restart decides nothing a second time.
        orchestrator.kill()
        orchestrator.start()
        self.assertLessEqual(len(self.scheduled(orchestrator, name)), len(runs) + 1)

    def test_each_tenant_has_a_clock_of_its_own(self):
        platform = self.platform(30)
        orchestrator = platform.orchestrator
        name = self.hourly(platform, timezone_mode="tenant", misfire_policy="skip")
        # Half past on the Canaries is half past in Madrid: one occurrence for both groups, none for who is elsewhere.
        answer = orchestrator.api("PUT", "/schedule", {"workflow_name": name, "timezone": "Europe/Madrid",
                                                       "misfire_policy": "fire_once"})
        self.assertEqual(answer.status, 200, answer)
        self.shift_back(orchestrator, 3)
        run = self.scheduled(orchestrator, name)[0]
        self.assertEqual(run["tenants"]["total"], 30)
        groups = wait_until(lambda: orchestrator.query("SELECT timezone, tenants FROM orchestrator_tenant_groups"),
                            "the tenants' clocks are known")
        self.assertEqual({zone for zone, _ in groups}, {"Europe/Madrid", "Atlantic/Canary"})
        self.assertEqual(sum(tenants for _, tenants in groups), 30)

    def test_a_schedule_that_cannot_be_resolved_stops_alone_and_says_why(self):
        platform = self.platform(2)
        orchestrator = platform.orchestrator
        broken, fine = self.hourly(platform), self.hourly(platform)
        orchestrator.stop()
        database = sqlite3.connect(orchestrator.database)
        with database:
            database.execute("UPDATE orchestrator_workflows SET timezone = 'Europe/Madird' WHERE workflow_name = ?",
                             (broken,))
        database.close()
        orchestrator.start()
        self.shift_back(orchestrator, 2)
        self.scheduled(orchestrator, fine)
        shown = {each["workflow_name"]: each for each in orchestrator.get("/schedule")["schedules"]}
        self.assertIn("Europe/Madird", shown[broken]["schedule_problem"])
        self.assertIsNone(shown[fine]["schedule_problem"])
        self.assertEqual([each for each in orchestrator.list("/executions", "executions")
                          if each["workflow_name"] == broken], [])
        listed = orchestrator.cli("schedule", "list")
        self.assertIn("problem", listed.stdout)

    def test_a_backfill_makes_up_for_past_days_and_for_nothing_twice(self):
        platform = self.platform(5)
        orchestrator = platform.orchestrator
        name = self.hourly(platform)
        orchestrator.stop()
        orchestrator.environment["ORCHESTRATOR_SCHEDULER"] = "on"
        orchestrator.start()
        day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)).date().isoformat()
        done = orchestrator.cli("schedule", "backfill", name, "--from", day, "--max-concurrent", "5")
        self.assertEqual(done.returncode, 0, done.stderr)
        runs = [each for each in self.scheduled(orchestrator, name, 24) if each["is_backfill"]]
        self.assertEqual(len({each["scheduled_for"] for each in runs}), 24)
        shown = wait_until(lambda: [each for each in orchestrator.get("/backfills")["backfills"]
                                    if each["status"] == "completed"], "the backfill completes")[0]
        self.assertEqual(shown["occurrences"], {"total": 24, "opened": 24, "ended": 24, "failed": 0})
        again = orchestrator.cli("schedule", "backfill", name, "--from", day)
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("all 24 times of this range ran already", again.stderr)

    def test_the_command_line_shows_what_is_to_come(self):
        platform = self.platform(3)
        orchestrator = platform.orchestrator
        for words, says in [(["schedule", "list"], "daily_operations"), (["schedule", "next"], "daily_operations"),
                            (["schedule", "dry-run"], "calls to the platform's services"),
                            (["schedule", "preview", "-w", "daily_operations", "-n", "2"], "at 08:00, every day"),
                            (["calendar", "list"], "ES-MD"),
                            (["calendar", "show", "ES-MD", "--year", "2026"], "Jueves Santo")]:
            done = orchestrator.cli(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(says, done.stdout)
        days = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Vacaciones\r\n"
                "DTSTART;VALUE=DATE:20260803\r\nDTEND;VALUE=DATE:20260824\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
        done = orchestrator.cli("calendar", "import", "-", "--as", "mine", "--parent", "ES-MD", stdin=days)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2026-08-23  Vacaciones", orchestrator.cli("calendar", "show", "mine", "-y", "2026").stdout)
        preview = orchestrator.cli("schedule", "preview", "0 8 * * *", "--calendar", "mine", "--holiday-policy", "skip",
                                   "--after", "2026-08-02T12:00:00Z", "-n", "1")
        self.assertIn("2026-08-24 08:00:00", preview.stdout)
        for words in (["calendar", "delete", "mine"], ["calendar", "restore", "mine"], ["calendar", "show", "mine"]):
            done = orchestrator.cli(*words)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
