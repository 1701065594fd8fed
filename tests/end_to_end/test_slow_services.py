"""Services that are slow, short, full or away, and still nobody's attempts are used up, nobody else waits, and the
health of the instance tells of it within ten seconds."""

import contextlib
import os
import shutil
import socket
import tempfile
import time
import unittest

from harness import Orchestrator, PlatformTest, Simulator, step, wait_until

FORECAST = {"route": "generate_forecasts"}
HANG = {"kind": "hang", "limit_seconds": 600, **FORECAST}
TELLS_WITHIN = 10  # seconds


def notify(name="notify", **fields):
    """A step at another service than step()."""
    return step(name, service="notification", path="/api/v1/notifications/send", **fields)


class SlowServices(PlatformTest):
    def start(self, tenants, *faults, **settings):
        made = self.platform(tenants, *faults, **settings)
        self.orchestrator, self.simulator = made.orchestrator, made.simulator
        return made

    def begin(self, *steps, **fields):
        return self.orchestrator.execute(self.workflow(self.orchestrator, *steps, **fields))

    def seconds_to_run(self, *steps, **fields):
        """For a whole execution, which completes."""
        began = time.monotonic()
        execution = self.orchestrator.wait_for_end(self.begin(*steps, **fields))
        self.assertEqual(execution["status"], "completed")
        return time.monotonic() - began

    def runs_of(self, id):
        return self.orchestrator.list(f"/executions/{id}/tenants", "tenants")

    def assert_all_at_the_first_attempt(self, id):
        self.assertEqual({run["status"] for run in self.runs_of(id)}, {"completed"})
        self.assertEqual({each["attempts"] for run in self.runs_of(id) for each in run["steps"]}, {1})

    def assert_told_of(self, text, kind="service"):
        """Health is degraded and has a problem of this kind that names it."""
        def problem():
            health = self.orchestrator.api("GET", "/health")
            if health.status == 200 and health.json["status"] == "degraded":
                return next((each for each in health.json["problems"]
                             if each["kind"] == kind and text in each["subject"] + " " + each["message"]), None)
            return None
        return wait_until(problem, f"health tells of {text}", TELLS_WITHIN)

    def assert_told_no_more(self):
        wait_until(lambda: self.orchestrator.get("/health")["status"] == "healthy", "health is well again")

    def cancel(self, id):
        self.assertEqual(self.orchestrator.api("POST", f"/executions/{id}/cancel").status, 202)


class Hanging(SlowServices):
    def test_it_holds_up_nobody_else(self):
        self.start(1_500, ORCHESTRATOR_MAX_CALLS=128)  # which makes room for 1,024 runs
        alone = self.seconds_to_run(notify())
        self.simulator.set_faults(HANG)
        hanging = self.begin(step("forecast", timeout_seconds=60))
        wait_until(lambda: self.orchestrator.get("/health")["calls_in_flight"], "it is called")
        time.sleep(1)  # and what is claimed for it has been claimed
        beside = self.seconds_to_run(notify())
        self.assertLess(beside, 2 + 3 * alone)
        self.assert_told_of("forecasting")
        self.assertEqual(self.orchestrator.execution(hanging)["status"], "running")
        self.cancel(hanging)
        self.assertEqual(self.orchestrator.wait_for_end(hanging, 15)["status"], "cancelled")

    def test_the_deadline_reaches_who_waits_and_says_for_what(self):
        made = self.start(60, HANG, ORCHESTRATOR_MAX_CALLS_PER_SERVICE=4)
        id = self.begin(step("forecast", timeout_seconds=60), max_execution_time_seconds=3)
        execution = self.orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "failed")
        self.assertGreaterEqual(execution["duration_ms"], 2_900)
        self.assertLess(execution["duration_ms"], 8_000)
        steps = [each for run in self.runs_of(id) for each in run["steps"]]
        self.assertEqual({each["error_code"] for each in steps}, {"deadline_exceeded"})
        waited = [each for each in steps if not each["attempts"]]
        self.assertGreaterEqual(len(waited), 60 - 4)
        for each in waited:
            self.assertRegex(each["error_message"], r"forecasting takes \d calls? at a time|forecasting has not answered")
        self.assert_adds_up(made, id)

    def test_a_cancellation_reaches_who_waits(self):
        made = self.start(60, HANG, ORCHESTRATOR_MAX_CALLS_PER_SERVICE=4)
        id = self.begin(step("forecast", timeout_seconds=60))
        wait_until(lambda: self.orchestrator.get("/health")["calls_in_flight"], "it is called")
        began = time.monotonic()
        self.cancel(id)
        self.assertEqual(self.orchestrator.wait_for_end(id)["status"], "cancelled")
        self.assertLess(time.monotonic() - began, 5)
        self.assert_adds_up(made, id)


class Throttled(SlowServices):
    TENANTS, CALLS_PER_SECOND = 160, 50

    def assert_nobody_is_charged(self, **rule):
        made = self.start(self.TENANTS, {"kind": "rate_limit", "calls_per_second": self.CALLS_PER_SECOND, **FORECAST, **rule})
        id = self.begin(step("forecast"), max_retries=3)
        self.assertEqual(self.orchestrator.wait_for_end(id)["status"], "completed")
        self.assert_all_at_the_first_attempt(id)
        self.assert_adds_up(made, id)
        refused = self.simulator.counts()["faults"]["rate_limit"]
        self.assertGreater(refused, 0, "the service was to refuse some")
        self.assertLess(refused, self.TENANTS, "it was asked again and again")

    def test_retry_after_in_seconds(self):
        self.assert_nobody_is_charged(retry_after_seconds=1)

    def test_retry_after_as_a_date(self):
        self.assert_nobody_is_charged(retry_after="http_date", retry_after_seconds=1)

    def test_without_retry_after(self):
        self.assert_nobody_is_charged(retry_after="absent")

    def test_unavailable_with_retry_after(self):
        self.assert_nobody_is_charged(statuses=[503], retry_after_seconds=1)

    def test_more_refusals_than_retries_cost_nothing(self):
        self.start(5, {"kind": "throttle", "statuses": [429], "retry_after_seconds": 1, "hits_per_tenant": 2, **FORECAST})
        id = self.begin(step("forecast"), max_retries=0)
        self.assertEqual(self.orchestrator.wait_for_end(id)["status"], "completed")
        self.assert_all_at_the_first_attempt(id)
        self.assertEqual(self.simulator.counts()["faults"]["throttle"], 2 * 5)

    def test_the_deadline_bounds_it(self):
        self.start(20, {"kind": "throttle", "statuses": [429], "retry_after_seconds": 3_600, **FORECAST})
        id = self.begin(step("forecast"), max_execution_time_seconds=3)
        self.assert_told_of("forecasting")
        execution = self.orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "failed")
        self.assertLess(execution["duration_ms"], 8_000)
        for run in self.runs_of(id):
            self.assertEqual(run["steps"][0]["error_code"], "deadline_exceeded")
            self.assertIn("forecasting", run["steps"][0]["error_message"])


class Jobs(SlowServices):
    JOB = {"kind": "accepted_job", "work_ms": 3_000}

    def test_one_that_is_under_way_holds_no_place(self):
        self.start(10, self.JOB, ORCHESTRATOR_MAX_CALLS_PER_SERVICE=1)
        self.assertLess(self.seconds_to_run(step("forecast")), 10 * 3 / 2)
        self.assertEqual(self.simulator.effects()["repeated"], 0)

    def assert_not_posted_again(self, *faults, tenants=20, **job):
        made = self.start(tenants, *faults, {**self.JOB, "work_ms": 500, **job})
        id = self.begin(step("forecast", retry={"max_retries": 5, "delay_ms": 10}))
        self.assertEqual(self.orchestrator.wait_for_end(id)["status"], "completed")
        self.assert_all_at_the_first_attempt(id)
        self.assert_adds_up(made, id)
        self.assertEqual(self.simulator.effects()["repeated"], 0)

    def test_polls_that_fail_do_not_post_it_again(self):
        self.assert_not_posted_again(
            {"kind": "error", "route": "get_job", "statuses": [500, 502], "hits_per_tenant": 1},
            {"kind": "reset", "route": "get_job", "hits_per_tenant": 1})
        self.assertGreaterEqual(self.simulator.counts()["requests_by_route"]["get_job"], 3 * 20)

    def test_polls_that_are_throttled_do_not_post_it_again(self):
        self.assert_not_posted_again(
            {"kind": "throttle", "route": "get_job", "statuses": [429], "hits_per_tenant": 1, "retry_after_seconds": 1})

    def test_a_poll_that_hangs_does_not_post_it_again(self):
        # Each holds a place until it is given up, and a service that is new has four.
        self.assert_not_posted_again({"kind": "hang", "route": "get_job", "limit_seconds": 600, "hits_per_tenant": 1},
                                     tenants=4)
        self.assertEqual(self.simulator.counts()["faults"]["hang"], 4)

    def test_a_relative_location(self):
        self.assert_not_posted_again(location="relative_path")

    def test_a_location_below_a_base_path(self):
        for location in ("absolute_path", "relative_path"):
            with self.subTest(location), self.services_below("/bakery"):
                self.simulator.set_faults({**self.JOB, "work_ms": 500, "location": location})
                id = self.begin(step("forecast"))
                self.assertEqual(self.orchestrator.wait_for_end(id)["status"], "completed")
                self.assert_all_at_the_first_attempt(id)

    @contextlib.contextmanager
    def services_below(self, base_path):
        folder = tempfile.mkdtemp(prefix="orchestrator base path ")
        self.simulator = Simulator(folder, 5, base_path=base_path)
        self.simulator.start()
        self.orchestrator = Orchestrator(folder, self.simulator.url)
        try:
            self.orchestrator.start()
            yield
        finally:
            self.orchestrator.end()
            self.simulator.end()
            shutil.rmtree(folder, ignore_errors=True)


class FixedLimits(SlowServices):
    """ORCHESTRATOR_LIMITS=fixed: always as many calls as the settings say, from the first moment on."""

    def calls_at_once(self, limits):
        self.start(200, {"kind": "latency", "distribution": "constant", "delay_ms": 1_000, **FORECAST},
                   ORCHESTRATOR_LIMITS=limits, ORCHESTRATOR_MAX_CALLS_PER_SERVICE=40)
        id = self.begin(step("forecast"))
        wait_until(lambda: self.orchestrator.get("/health")["calls_in_flight"], "it is called")
        time.sleep(0.3)
        service = self.orchestrator.get("/services/forecasting")
        self.cancel(id)
        return service

    def test_it_begins_with_all_of_them(self):
        service = self.calls_at_once("fixed")
        self.assertEqual((service["limit"], service["in_flight"]), (40, 40), service)

    def test_adaptive_ones_begin_with_few(self):
        service = self.calls_at_once("adaptive")
        self.assertLess(service["in_flight"], 20, service)


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def failed_connects():
    """Of this network namespace: how many connections were refused or not answered, since its start."""
    with open("/proc/net/snmp") as counters:
        names, values = [line.split() for line in counters if line.startswith("Tcp:")]
    return int(values[names.index("AttemptFails")])


class Away(SlowServices):
    TENANTS = 300

    def start_beside(self, port):
        """Another simulator of the same tenants."""
        other = Simulator(self.made.folder, self.TENANTS, name="away", port=port)
        self.addCleanup(other.end)
        other.start()
        return other

    def test_a_service_that_is_down_is_waited_for(self):
        port = free_port()
        self.made = self.start(self.TENANTS, FORECASTING_SERVICE_URL=f"http://127.0.0.1:{port}")
        before = failed_connects()
        id = self.begin(step("forecast"), max_retries=3)
        self.assert_told_of("forecasting")
        time.sleep(3)
        self.assertEqual(self.orchestrator.execution(id)["tenants"]["failed"], 0)
        in_vain = failed_connects() - before
        other = self.start_beside(port)
        execution = self.orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "completed")
        # Those that were under way when it was found to be down; what tests it is not charged.
        self.assertLess(execution["retries"], self.TENANTS / 4)
        if os.environ.get("TEST_NETWORK"):  # else others on this machine count, too
            self.assertLess(in_vain, self.TENANTS / 4)
        self.assertEqual(other.effects()["distinct"], self.TENANTS)
        self.assert_told_no_more()

    def test_a_service_that_fails_for_all_is_called_seldom_and_fails_nobody(self):
        made = self.start(self.TENANTS, {"kind": "error", "statuses": [500], **FORECAST})
        id = self.begin(step("forecast"), max_retries=3)
        began = time.monotonic()
        self.assert_told_of("forecasting")
        time.sleep(4)
        calls, seconds = self.simulator.counts()["requests_by_route"]["generate_forecasts"], time.monotonic() - began
        self.assertLess(calls, 1.2 * self.TENANTS + 10 * seconds)
        self.simulator.set_faults()
        execution = self.orchestrator.wait_for_end(id)
        self.assertEqual(execution["status"], "completed")
        self.assert_adds_up(made, id)

    def test_the_list_of_services_shows_it(self):
        self.start(20, {"kind": "error", "statuses": [500], **FORECAST})
        self.begin(step("forecast"), max_retries=3)

        def shown():
            services = {each["name"]: each for each in self.orchestrator.get("/services")["services"]}
            return services["forecasting"]["breaker"] == "open" and services
        self.assertNotEqual(wait_until(shown, "the breaker is shown")["tenant"]["breaker"], "open")

    def test_a_directory_that_does_not_answer_is_told_of(self):
        for fault in ({"kind": "error", "statuses": [503]}, {"kind": "hang", "limit_seconds": 600}):
            with self.subTest(fault["kind"]):
                self.start(5, {"route": "list_tenants", **fault})
                id = self.begin(step("forecast"))
                self.assert_told_of("tenant", kind="planning")
                self.assertIn(self.orchestrator.execution(id)["status"], ("pending", "running"))


if __name__ == "__main__":
    unittest.main()
