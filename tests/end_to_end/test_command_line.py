"""The exit code of each command for input that is wrong, and what a person reads then."""

import json
import os
import sqlite3
import subprocess
import unittest

from harness import PlatformTest, step, wait_until

REFUSED, NOT_FOUND, CONFLICT, UNAVAILABLE = 2, 3, 5, 6
NOBODY = "00000000-0000-7000-8000-000000000000"


class CommandLine(PlatformTest):
    def assert_exit(self, orchestrator, code, *arguments, says="", stdin=""):
        done = orchestrator.cli(*arguments, stdin=stdin)
        with self.subTest(arguments=arguments):
            self.assertEqual(done.returncode, code, done.stderr + done.stdout)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, "^error: ")
            self.assertIn(says, done.stderr)

    def test_wrong_usage(self):
        orchestrator = self.platform(1).orchestrator
        for arguments in [[], ["nothing"], ["workflow"], ["workflow", "nothing"], ["execution"], ["execution", "nothing"],
                          ["workflow", "show"], ["workflow", "apply"], ["workflow", "run"], ["workflow", "delete"],
                          ["workflow", "restore"], ["workflow", "enable"], ["workflow", "disable"], ["execution", "show"],
                          ["execution", "watch"], ["execution", "logs"], ["execution", "retry"], ["execution", "cancel"],
                          ["workflow", "list", "surplus"], ["workflow", "list", "--unknown"],
                          ["workflow", "list", "-o", "xml"], ["workflow", "run", "x", "--tier", "gold"],
                          ["execution", "list", "--limit", "0"], ["execution", "list", "--limit", "many"],
                          ["execution", "list", "--status", "happy"],
                          ["execution", "list", "--failed", "--status", "completed"],
                          ["execution", "logs", "latest", "--level", "loud"],
                          ["execution", "show", "latest", "--status", "failed"], ["schedule"], ["schedule", "preview"],
                          ["schedule", "preview", "@daily", "--count", "0"]]:
            self.assert_exit(orchestrator, REFUSED, *arguments)

    def test_things_that_are_not_there(self):
        orchestrator = self.platform(1).orchestrator
        for arguments in [["workflow", "show", "nobody"], ["workflow", "delete", "nobody"], ["workflow", "run", "nobody"],
                          ["workflow", "enable", "nobody"], ["workflow", "disable", "nobody"],
                          ["workflow", "restore", NOBODY], ["execution", "show", NOBODY], ["execution", "watch", NOBODY],
                          ["execution", "logs", NOBODY], ["execution", "retry", NOBODY], ["execution", "cancel", NOBODY],
                          ["execution", "show", "latest"]]:
            self.assert_exit(orchestrator, NOT_FOUND, *arguments)

    def test_input_that_the_server_refuses(self):
        orchestrator = self.platform(1).orchestrator
        self.assert_exit(orchestrator, REFUSED, "workflow", "run", "daily_operations", "--tenant", "not-an-id")
        self.assert_exit(orchestrator, REFUSED, "workflow", "restore", "daily_operations")
        self.assert_exit(orchestrator, REFUSED, "execution", "show", "not-an-id")
        self.assert_exit(orchestrator, REFUSED, "workflow", "run", "daily_operations", "--idempotency-key", "x" * 300)

    def test_schedule_preview(self):
        orchestrator = self.platform(1).orchestrator
        done = orchestrator.cli("schedule", "preview", "30 2 * * *", "--after", "2026-03-28T12:00:00Z", "--count", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ["at 02:30, every day", "Europe/Madrid", "2026-03-29 03:00:00 +02:00", "2026-03-29 01:00:00", "02:30 does not exist",
                     "2026-03-30 02:30:00 +02:00"]:
            self.assertIn(text, done.stdout)
        self.assert_exit(orchestrator, REFUSED, "schedule", "preview", "61 * * * *", says='minute "61" is outside 0-59')
        self.assert_exit(orchestrator, REFUSED, "schedule", "preview", "@daily", "-z", "Europe/Madird",
                         says="did you mean Europe/Madrid?")

    def test_definitions_that_cannot_be_applied(self):
        orchestrator = self.platform(1).orchestrator
        for stdin in ["", "{", "[]", "{}", '{"workflow_name": 7}', '{"workflow_name": "x"}',
                      json.dumps({"workflow_name": "x", "steps": [step("a", depends_on=["b"])]})]:
            self.assert_exit(orchestrator, REFUSED, "workflow", "apply", "-", stdin=stdin)
        self.assert_exit(orchestrator, REFUSED, "workflow", "apply", "not-there.json", says="not-there.json")
        self.assert_exit(orchestrator, REFUSED, "workflow", "apply", ".")
        both = json.dumps({"workflow_name": "x", "max_retries": -1, "steps": [step("a", service="nowhere")]})
        self.assert_exit(orchestrator, REFUSED, "workflow", "apply", "-", stdin=both, says="/max_retries")
        self.assert_exit(orchestrator, REFUSED, "workflow", "apply", "-", stdin=both, says="/steps/0/service")

    def test_states_that_do_not_allow_it(self):
        orchestrator = self.platform(2).orchestrator
        id = orchestrator.execute()
        orchestrator.wait_for_end(id)
        self.assert_exit(orchestrator, CONFLICT, "execution", "retry", id)
        self.assert_exit(orchestrator, CONFLICT, "execution", "cancel", id)
        self.assertEqual(orchestrator.cli("workflow", "disable", "daily_operations").returncode, 0)
        self.assert_exit(orchestrator, CONFLICT, "workflow", "run", "daily_operations")

    def test_a_server_that_is_not_there(self):
        orchestrator = self.platform(1).orchestrator
        for arguments in [["workflow", "list"], ["workflow", "run", "daily_operations"], ["execution", "list"],
                          ["execution", "show", "latest"]]:
            done = orchestrator.cli(*arguments, url="http://127.0.0.1:9")
            self.assertEqual(done.returncode, UNAVAILABLE, arguments)
            self.assertIn("127.0.0.1:9", done.stderr)
        self.assertEqual(orchestrator.cli("workflow", "list", url="ftp://x").returncode, REFUSED)

    def test_what_planning_waits_for_is_shown(self):
        orchestrator = self.platform(3, {"kind": "error", "route": "list_tenants", "rate": 1, "statuses": [503]}).orchestrator
        id = orchestrator.execute()
        shown = wait_until(lambda: next((text for text in [orchestrator.cli("execution", "show", id).stdout]
                                         if "planning waits: the tenant service answered HTTP 503" in text), None), "it is shown")
        self.assertNotIn("pending after 0 ms", shown)
        self.assertIn("planning waits", orchestrator.get(f"/executions/{id}")["error_message"])
        self.assertIn("waits: the tenant service", orchestrator.log_tail(5))

    def test_who_leads_and_which_events_wait(self):
        orchestrator = self.platform(2, ORCHESTRATOR_SCHEDULER="off").orchestrator
        nobody = orchestrator.cli("leader", "-o", "json")
        self.assertEqual(nobody.returncode, NOT_FOUND, "as without -o json")
        shown = json.loads(nobody.stdout)
        self.assertEqual({name for name, value in shown.items() if value is None},
                         {"instance_id", "instance_hostname", "became_leader_at", "last_heartbeat_at",
                          "heartbeat_interval_seconds", "heartbeat_interval_ms", "lease_left_ms"})
        ids = [orchestrator.execute() for _ in range(2)]
        for id in ids:
            wait_until(lambda: orchestrator.has_ended(id), "it ends")
        listed = orchestrator.cli("event", "list", "-n", "1", "-o", "json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        listed = json.loads(listed.stdout)
        self.assertTrue(listed["has_more"])
        self.assertEqual(listed["events"][0]["problem"], "no broker is configured (RABBITMQ_URL)")
        self.assertEqual(len(json.loads(orchestrator.cli("event", "list", "--all", "-o", "json").stdout)["events"]), 2)
        table = orchestrator.cli("event", "list", "--waiting")
        for id in ids:
            self.assertIn(id, table.stdout)
        self.assertIn("no broker is configured", table.stdout)

    def test_a_leader_by_the_database_alone(self):
        orchestrator = self.platform(1, ORCHESTRATOR_SCHEDULER="on").orchestrator
        wait_until(lambda: orchestrator.cli("leader").returncode == 0, "it leads")
        shown = json.loads(orchestrator.cli("leader", "-o", "json").stdout)
        self.assertTrue(shown["is_led"] and shown["is_this_instance"])
        self.assertEqual((shown["heartbeat_interval_seconds"], shown["heartbeat_interval_ms"]), (30, 30_000))
        self.assertIsInstance(shown["heartbeat_interval_seconds"], int, "as the specification has it")

    def test_waiting_tells_how_it_ended(self):
        platform = self.platform(5)
        done = platform.orchestrator.cli("workflow", "run", "daily_operations", "--wait", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["status"], "completed")
        platform.simulator.set_faults({"kind": "error", "route": "*", "statuses": [422]})
        done = platform.orchestrator.cli("workflow", "run", "daily_operations", "--wait", "-o", "json")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(json.loads(done.stdout)["status"], ("failed", "partial"))
        platform.simulator.set_faults()
        done = platform.orchestrator.cli("execution", "retry", "latest", "--wait")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("completed", done.stdout)

    def test_what_show_prints_can_be_applied(self):
        orchestrator = self.platform(1).orchestrator
        shown = orchestrator.cli("workflow", "show", "daily_operations", "-o", "json").stdout
        done = orchestrator.cli("workflow", "apply", "-", stdin=shown)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("replaced", done.stdout)


class Programs(PlatformTest):
    """Commands that run in the program itself."""

    def program(self, *arguments, **variables):
        return subprocess.run([os.environ["ORCHESTRATOR_BIN"], *arguments], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **variables})

    def test_every_wrong_setting_is_told_at_once(self):
        done = self.program("serve", PORT="99999", DATABASE_URL="mysql://x", TENANT_SERVICE_URL="nowhere",
                            ORCHESTRATOR_LOG_LEVL="debug", ORCHESTRATOR_MAX_CALLS="0")
        self.assertEqual(done.returncode, 2)
        for name in ("PORT", "DATABASE_URL", "TENANT_SERVICE_URL", "ORCHESTRATOR_MAX_CALLS"):
            self.assertIn(name + ": ", done.stderr)
        self.assertIn("did you mean ORCHESTRATOR_LOG_LEVEL?", done.stderr)

    def test_where_each_setting_comes_from(self):
        platform = self.platform(1)
        file, secret = (os.path.join(platform.folder, name) for name in ("settings.conf", "database"))
        with open(file, "w") as out:
            out.write("# of this installation\nPORT=1\nDEFAULT_TIMEZONE=Atlantic/Canary\n")
        with open(secret, "w") as out:
            out.write("memory:\n")
        given = {"ORCHESTRATOR_CONFIG_FILE": file, "PORT": "0", "DATABASE_URL_FILE": secret}
        shown = self.program("config", "show", "-o", "json", **given)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        settings = {each["name"]: (each["value"], each["origin"]) for each in json.loads(shown.stdout)["settings"]}
        self.assertEqual(settings["PORT"], ("0", "environment"))
        self.assertEqual(settings["DEFAULT_TIMEZONE"], ("Atlantic/Canary", file + ":3"))
        self.assertEqual(settings["DATABASE_URL"], ("memory:", secret + " (DATABASE_URL_FILE)"))
        self.assertEqual(settings["ORCHESTRATOR_LOG_LEVEL"], ("info", "default"))
        self.assertEqual(self.program("config", "check", **given).returncode, 0)
        wrong = self.program("config", "check", PORT="x", DATABASE_URL_FILE="/nowhere")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("/nowhere cannot be read", wrong.stderr)

    def test_a_file_that_is_no_database(self):
        platform = self.platform(1)
        broken = os.path.join(platform.folder, "broken.db")
        with open(broken, "wb") as file:
            file.write(b"this is no database" * 1000)
        for verb in ("serve", "migrate"):
            done = self.program(verb, PORT="0", DATABASE_URL="sqlite:" + broken)
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn("not a database", done.stderr)
        with open(broken, "rb") as file:
            self.assertEqual(file.read(19), b"this is no database", "it was not touched")

    def test_a_folder_that_is_not_there(self):
        done = self.program("serve", PORT="0", DATABASE_URL="sqlite:/nowhere/at/all.db")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("/nowhere/at/all.db", done.stderr)

    def test_the_doctor_finds_what_is_bad_and_says_how_to_mend_it(self):
        platform = self.platform(1)
        path = os.path.join(platform.folder, "well.db")
        self.program("migrate", DATABASE_URL="sqlite:" + path)
        well = self.program("doctor", "-o", "json", PORT="0", DATABASE_URL="sqlite:" + path,
                            SALES_SERVICE_URL=platform.simulator.url)
        self.assertEqual(well.returncode, 0, well.stderr)
        found = {each["subject"]: each for each in json.loads(well.stdout)["findings"]}
        self.assertEqual({found[name]["state"] for name in ("database", "schema", "time zones", "port", "service sales")},
                         {"good"}, found)
        self.assertEqual(found["service training"]["state"], "doubtful")
        ill = self.program("doctor", PORT=platform.orchestrator.url.rsplit(":", 1)[1], DATABASE_URL="postgresql://x@127.0.0.1:1/y",
                           REDIS_URL="redis://127.0.0.1:1", RABBITMQ_URL="amqp://127.0.0.1:1", DEFAULT_TIMEZONE="Mars/Base")
        self.assertEqual(ill.returncode, 1)
        for subject in ("database", "Redis", "RabbitMQ", "time zones"):
            self.assertRegex(ill.stdout, f"bad +{subject} ")
        self.assertRegex(ill.stdout, r"doubtful +port +\S+ is taken")
        self.assertIn("mend: check DATABASE_URL", ill.stdout)

    def test_all_that_is_wrong_with_the_settings_is_told_at_once_and_no_password(self):
        wrong = self.program("config", "check", DATABASE_URL="postgresql://me:100%zzsecret@db/x", PORT_FILE="/nowhere",
                             DEFAULT_TIMEZONE="Mars/Base", ORCHESTRATOR_ADDRESS="localhost")
        self.assertEqual(wrong.returncode, 2)
        for told in ("DATABASE_URL: ", "PORT_FILE: /nowhere", "DEFAULT_TIMEZONE: ", "did you mean 127.0.0.1?"):
            self.assertIn(told, wrong.stderr)
        shown = self.program("config", "show", DATABASE_URL="postgresql://me:secret/secret@db/x?password=secret")
        self.assertNotIn("secret", shown.stdout + shown.stderr)

    def test_a_secret_that_is_empty_or_no_url_starts_nothing_and_is_not_shown(self):
        secret = os.path.join(self.platform(1).folder, "secret")
        with open(secret, "w") as out:
            out.write("\n")
        empty = self.program("serve", PORT="0", DATABASE_URL_FILE=secret)
        self.assertEqual(empty.returncode, 2)
        self.assertIn(f"DATABASE_URL_FILE: {secret} is empty", empty.stderr)
        with open(secret, "w") as out:
            out.write("pass_word")
        for verb in ("check", "show"):
            done = self.program("config", verb, REDIS_URL_FILE=secret, SALES_SERVICE_URL="http://u:pass_word@sales")
            self.assertEqual(done.returncode, 2)
            self.assertNotIn("pass_word", done.stdout + done.stderr)

    def test_what_config_check_finds_as_json(self):
        right = self.program("config", "check", "-o", "json", DATABSE_URL="sqlite:o.db")
        self.assertEqual(right.returncode, 0)
        self.assertEqual(json.loads(right.stdout), {"is_valid": True, "errors": [], "warnings": [
            {"setting": "DATABSE_URL", "message": "is not a setting; did you mean DATABASE_URL?"}]})
        wrong = self.program("config", "check", "-o", "json", PORT="x")
        self.assertEqual(wrong.returncode, 2)
        self.assertEqual([each["setting"] for each in json.loads(wrong.stdout)["errors"]], ["PORT"])

    def test_a_file_without_certificates(self):
        platform = self.platform(1)
        path = os.path.join(platform.folder, "no.pem")
        with open(path, "w") as out:
            out.write("no certificate")
        for file, why in (("/nowhere.pem", "No such file"), (path, "there is no certificate in it")):
            for verb in (("serve",), ("config", "check")):
                done = self.program(*verb, PORT="0", ORCHESTRATOR_CA_FILE=file)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"ORCHESTRATOR_CA_FILE: {file}: {why}", done.stderr)
            ill = self.program("doctor", "-o", "json", PORT="0", DATABASE_URL="memory:", ORCHESTRATOR_CA_FILE=file)
            self.assertEqual(ill.returncode, 1, ill.stderr)
            found = {each["subject"]: each for each in json.loads(ill.stdout)["findings"]}
            self.assertEqual(found["ORCHESTRATOR_CA_FILE"]["state"], "bad")
            self.assertIn("service sales", found, "the rest is looked at, too")

    def test_a_changed_first_schedule_tells_that_the_stored_one_holds(self):
        platform = self.platform(1)
        path = os.path.join(platform.folder, "seeded.db")

        def log_of_a_start(**variables):
            ready = os.path.join(platform.folder, "ready")
            process = subprocess.Popen(
                [os.environ["ORCHESTRATOR_BIN"], "serve", "--ready-file", ready], stderr=subprocess.PIPE, text=True,
                env={"PATH": os.environ["PATH"], "PORT": "0", "DATABASE_URL": "sqlite:" + path, **variables})
            try:
                wait_until(lambda: os.path.exists(ready), "it serves")
                os.remove(ready)
            finally:
                process.terminate()
            return process.communicate()[1]
        self.assertNotIn("holds", log_of_a_start(DAILY_WORKFLOW_CRON="0 7 * * *"))
        self.assertNotIn("holds", log_of_a_start(DAILY_WORKFLOW_CRON="0 7 * * *"))
        self.assertNotIn("holds", log_of_a_start())
        self.assertIn('"0 6 * * *", but only for a new database: "0 7 * * *" is stored and holds',
                      log_of_a_start(DAILY_WORKFLOW_CRON="0 6 * * *"))

    def test_migrate_twice(self):
        platform = self.platform(1)
        path = os.path.join(platform.folder, "fresh.db")
        first, second = (self.program("migrate", DATABASE_URL="sqlite:" + path) for _ in range(2))
        self.assertEqual((first.returncode, second.returncode), (0, 0), first.stderr + second.stderr)
        self.assertIn("applied", first.stdout)
        self.assertIn("already", second.stdout)
        third = json.loads(self.program("migrate", "-o", "json", DATABASE_URL="sqlite:" + path).stdout)
        self.assertEqual((third["database"], third["applied"]), (path, []))
        self.assertGreater(third["schema_version"], 0)

    def test_a_database_of_a_newer_program_is_left_alone(self):
        platform = self.platform(1)
        path = os.path.join(platform.folder, "newer.db")
        self.program("migrate", DATABASE_URL="sqlite:" + path)
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 9999")
        self.assertEqual(self.program("migrate", DATABASE_URL="sqlite:" + path).returncode, 5)
        self.assertEqual(self.program("serve", PORT="0", DATABASE_URL="sqlite:" + path).returncode, 6)

    def test_version_and_help(self):
        self.assertRegex(self.program("--version").stdout, r"^orchestrator \d+\.\d+\.\d+")
        for arguments in [[], ["workflow"], ["execution"], ["serve"], ["workflow", "run"]]:
            done = self.program(*arguments, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertTrue(done.stdout)


if __name__ == "__main__":
    unittest.main()
