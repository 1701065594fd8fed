"""Wall clocks that are wrong, or leap while an instance runs: nothing is deleted, taken from others or left undone because
of them, and the health says so."""

import time

from cluster import ClusterTest
from harness import PlatformTest, step, wait_until
from servers import Servers
from skewed_clock import DAY, SkewedClock

TELLS_WITHIN = 10
SLOW = {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 200, "max_ms": 600}


def told(health, text, kind="clock"):
    return health["status"] == "degraded" and any(each["kind"] == kind and text in each["message"]
                                                  for each in health["problems"])


class WithADatabaseThatHasOne(ClusterTest):
    def wait_until_told(self, cluster, instance, text, kind="clock"):
        wait_until(lambda: told(cluster.health(instance), text, kind), f"the health says “{text}”", TELLS_WITHIN)

    def test_an_instance_that_is_ahead_takes_no_runs_of_others(self):
        cluster = self.cluster(1, 60, SLOW, ORCHESTRATOR_MAX_CALLS=8)
        ahead = cluster.add(skew=45)
        cluster.wait_for_all()
        id = cluster.any().execute()
        self.wait_until_told(cluster, ahead, "45 s ahead of the database's, which is followed")
        metrics = ahead.request("GET", "/metrics").body.decode()
        shown = next(line for line in metrics.splitlines() if line.startswith("orchestrator_clock_difference_seconds "))
        self.assertAlmostEqual(float(shown.split()[1]), 45, delta=2)
        cluster.wait_for_end(id)
        cluster.check(id)
        self.assertEqual(cluster.simulator.effects()["repeated"], 0)
        ahead.clock.set(0)
        wait_until(lambda: cluster.health(ahead)["status"] == "healthy", "the clocks agree again", TELLS_WITHIN)

    def test_a_start_months_ahead_deletes_no_history(self):
        cluster = self.cluster(1, 5)
        id = cluster.any().execute()
        cluster.wait_for_end(id)
        cluster.remove(cluster.any())
        ahead = cluster.add(skew=92 * DAY)
        cluster.wait_for_leader()
        self.wait_until_told(cluster, ahead, "92 d ahead of the database's, which is followed. Meanwhile no history is deleted")
        time.sleep(2)
        self.assertEqual(cluster.database.number("SELECT count(*) FROM orchestrator_tenant_runs"), 5)

    def test_a_schedule_that_was_decided_too_far_is_set_right(self):
        cluster = self.cluster(1, 5)
        cluster.ask(201, "POST", "/workflows", {"workflow_name": "hourly", "steps": [step("forecast")],
                                                "cron_expression": "0 * * * *", "timezone": "UTC"})
        decided = "FROM orchestrator_workflows WHERE workflow_name = 'hourly'"
        wait_until(lambda: cluster.database.number(f"SELECT count(next_execution_at) {decided}"), "it is decided")
        cluster.database.query(
            "UPDATE orchestrator_workflows SET decided_until = now() + INTERVAL '1 day', next_execution_at = "
            "now() + INTERVAL '25 hours' WHERE workflow_name = 'hourly'")
        cluster.remove(cluster.any())
        self.wait_until_told(cluster, cluster.add(), "hourly was decided until", kind="schedule")
        wait_until(lambda: cluster.database.number(
            f"SELECT count(*) {decided} AND decided_until <= now() AND next_execution_at < now() + INTERVAL '61 minutes'"),
            "the next hour is to come again", TELLS_WITHIN)

    def test_a_lease_of_the_future_does_not_hold(self):
        """As an instance leaves it that dies while the clock of the database is a day ahead."""
        cluster = self.cluster(1, 40, SLOW, ORCHESTRATOR_MAX_CALLS=4)
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 10)
        cluster.remove(cluster.any())
        cluster.database.query(
            "UPDATE orchestrator_instances SET lease_until = lease_until + INTERVAL '1 day', renewed_at = now() + INTERVAL '1 day'",
            "UPDATE orchestrator_leader SET lease_until = lease_until + INTERVAL '1 day', "
            "last_heartbeat_at = last_heartbeat_at + INTERVAL '1 day'")
        cluster.add()
        cluster.wait_for_leader()
        cluster.wait_for_end(id)
        cluster.check(id)


class WithoutOne(PlatformTest):
    """SQLite: the machine's clock is all there is."""

    def skewed(self, platform, seconds, **settings):
        """The orchestrator of the platform, started again with a clock that is wrong by so much."""
        if platform.orchestrator.process:
            platform.orchestrator.stop()
        platform.orchestrator = platform.make_orchestrator(ORCHESTRATOR_SCHEDULER="on", **settings)
        clock = SkewedClock(platform.orchestrator, seconds)
        platform.orchestrator.start()
        return clock

    def wait_until_told(self, orchestrator, text):
        wait_until(lambda: told(orchestrator.api("GET", "/health").json, text), f"the health says “{text}”", TELLS_WITHIN)

    QUIET = {"DAILY_WORKFLOW_CRON": "0 0 1 1 *", "WEEKLY_WORKFLOW_CRON": "0 0 1 1 *"}

    def test_a_leap_of_a_day_for_some_seconds_stops_no_schedule(self):
        platform = self.platform(3, **self.QUIET)
        clock = self.skewed(platform, 0, **self.QUIET)
        orchestrator = platform.orchestrator
        name = self.workflow(orchestrator, step("forecast"), cron_expression="* * * * *", timezone="UTC")
        clock.set(DAY)
        self.wait_until_told(orchestrator, "the clock of this machine leapt 1 d ahead")
        clock.set(0)
        runs = lambda: orchestrator.get(f"/executions?workflow={name}")["executions"]
        wait_until(lambda: runs(), "the next minute is started", 70)
        self.assertLess(runs()[0]["scheduled_for"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60)))

    def test_a_start_months_ahead_deletes_a_little_and_says_so(self):
        platform = self.platform(3, **self.QUIET)
        id = platform.orchestrator.execute()
        platform.orchestrator.wait_for_end(id)
        self.skewed(platform, 0, **self.QUIET)
        wait_until(lambda: platform.orchestrator.query("SELECT aged_to FROM orchestrator_history")[0][0],
                   "history is looked at")
        self.skewed(platform, 92 * DAY, **self.QUIET)
        self.wait_until_told(platform.orchestrator, "and history has been counted to")
        self.assertEqual(platform.orchestrator.execution(id)["status"], "completed")

    def test_a_start_before_what_is_stored_is_told(self):
        platform = self.platform(3, **self.QUIET)
        platform.orchestrator.wait_for_end(platform.orchestrator.execute())
        self.skewed(platform, -DAY, **self.QUIET)
        self.wait_until_told(platform.orchestrator, "is stored already, ")


if not Servers.folder:
    del WithADatabaseThatHasOne
