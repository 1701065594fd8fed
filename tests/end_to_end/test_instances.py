"""Several instances on the real servers: they share the work, one of them leads, and nothing is lost or done twice
whichever of them, or of the servers, dies."""

import json
import os
import random
import signal
import subprocess
import time
import unittest

import network
import witness
from cluster import CLAIM_LEASE, LEADER_TTL, ClusterTest
from cluster_torture import torture
from harness import step, wait_until
from misfortunes import Commits, Misfortunes
from network import Cut
from servers import Servers

SLOW = {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 20, "max_ms": 60}
FEW_CALLS = {"ORCHESTRATOR_MAX_CALLS": 16}


def in_redis(*command):
    return subprocess.run(["redis-cli", "-u", Servers.urls["REDIS"], "--raw", *command], check=True, capture_output=True,
                          text=True).stdout.strip()


class SharedWork(ClusterTest):
    def test_three_instances_share_a_run_and_every_call_is_made_once(self):
        cluster = self.cluster(3, 300, SLOW, **FEW_CALLS)
        cluster.wait_for_all()
        id = cluster.any().execute()
        cluster.wait_for_end(id)
        cluster.check(id)
        self.assertEqual(cluster.simulator.effects()["repeated"], 0)
        workers = cluster.workers_of(id)
        self.assertEqual(len(workers), 3, workers)
        self.assertGreater(min(workers.values()), 30, "nobody idles")
        cluster.check_events()
        self.assertEqual(set(cluster.consumer.arrived.values()), {1})
        summary = cluster.any().execution(id)["result_summary"]
        self.assertEqual((summary["status"], summary["tenants"]["completed"]), ("completed", 300))
        for key in (f"orchestrator:execution:{id}", "orchestrator:workflow:daily_operations:latest"):
            self.assertEqual(json.loads(wait_until(lambda: in_redis("GET", key), "it is in Redis")), summary)

    def test_a_run_survives_two_of_three_instances(self):
        cluster = self.cluster(3, 200, SLOW, **FEW_CALLS)
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 200)
        opener, second, last = cluster.instances
        cluster.remove(opener)
        cluster.wait_for_steps(id, 400)
        cluster.remove(second)
        cluster.wait_for_end(id)
        cluster.check(id)
        cluster.check_events()

    def test_an_execution_whose_opener_died_before_planning_it_is_planned(self):
        cluster = self.cluster(2, 100, {"kind": "latency", "route": "list_tenants", "distribution": "uniform",
                                        "min_ms": 1500, "max_ms": 1500})
        opener, other = cluster.instances
        id = opener.execute()
        cluster.remove(opener)
        self.assertEqual(other.execution(id)["tenants"]["total"], 0)
        wait_until(lambda: other.has_ended(id), "it ends")
        cluster.check(id)

    def test_an_instance_that_froze_for_longer_than_its_lease_stops_its_runs(self):
        cluster = self.cluster(2, 60, {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 300,
                                       "max_ms": 500}, **FEW_CALLS)
        frozen, other = cluster.instances
        cluster.wait_for_all()
        id = other.execute()
        wait_until(lambda: cluster.health(frozen)["active_runs"] > 0, "both work")
        cluster.wait_for_steps(id, 20)
        frozen.send_signal(signal.SIGSTOP)
        wait_until(lambda: other.has_ended(id), "it ends")  # without the frozen one
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: cluster.health(frozen)["active_runs"] == 0, "its runs stop")
        self.assertGreater(cluster.health(frozen)["refused_writes"], 0)
        cluster.check(id)

    def test_a_result_that_may_be_used_again_is_used_by_the_other_instance_too(self):
        cluster = self.cluster(2, 10)
        first, other = cluster.instances
        answer = first.api("POST", "/workflows", {"workflow_name": "remembering", "steps": [
            step("remembered", cache_ttl_seconds=60), step("called", path="/api/v1/forecasting/generate?again=1")]})
        self.assertEqual(answer.status, 201, answer)
        for instance in (first, other):
            id = instance.execute("remembering")
            self.assertEqual(wait_until(lambda: instance.has_ended(id), "it ends")["status"], "completed")
        self.assertEqual(cluster.simulator.effects()["calls"], 10 + 20)
        logs = other.list(f"/executions/{id}/logs?step=remembered", "logs")
        self.assertEqual({each["log_message"] for each in logs}, {"remembered taken from the cache"})


    def test_of_two_that_were_given_one_name_the_later_one_works(self):
        cluster = self.cluster(1, 60, {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 300,
                                       "max_ms": 500}, **FEW_CALLS, ORCHESTRATOR_INSTANCE_ID="twin")
        first = cluster.wait_for_leader()
        id = first.execute()
        cluster.wait_for_steps(id, 20)
        second = cluster.add()
        wait_until(lambda: cluster.health(first)["active_runs"] == 0, "the first one stops its runs")
        self.assertEqual(cluster.health(first)["status"], "unhealthy")
        self.assertIn("another process runs as twin", cluster.health(first)["store"]["problem"])
        wait_until(lambda: cluster.health(second)["leads"] and not cluster.health(first)["leads"], "the second one leads")
        wait_until(lambda: second.has_ended(id), "it ends")
        cluster.check(id)
        cluster.remove(second)
        wait_until(lambda: cluster.health(first)["status"] == "healthy", "the other one's lease is over")
        wait_until(lambda: cluster.health(first)["leads"], "and the lead")


class Leadership(ClusterTest):
    def test_another_one_leads_soon_after_a_kill_and_at_once_after_a_stop(self):
        cluster = self.cluster(3, 1)
        first = cluster.wait_for_leader()
        cluster.remove(first)
        began = time.monotonic()
        second = cluster.wait_for_leader()
        self.assertLess(time.monotonic() - began, LEADER_TTL * 1.1 + 1)
        cluster.instances.remove(second)
        began = time.monotonic()
        second.send_signal(signal.SIGTERM)
        third = cluster.wait_for_leader()
        self.assertLess(time.monotonic() - began, LEADER_TTL * 0.6, "it need not wait for the end of the lease")
        self.assertEqual(second.wait(), 0)
        shown = third.get("/leader")
        self.assertEqual((shown["instance_id"], shown["epoch"]), (third.label, 3))
        self.assertIn("leads since", third.cli("leader").stdout)

    def test_a_leader_that_froze_finds_that_it_leads_no_longer(self):
        cluster = self.cluster(2, 1)
        first, other = cluster.freeze_leader()
        first.send_signal(signal.SIGCONT)
        self.assertFalse(cluster.health(first)["leads"])
        self.assertTrue(cluster.health(other)["leads"])

    def test_a_leader_leads_on_without_redis(self):
        cluster = self.cluster(2, 10)
        leader = cluster.wait_for_leader()
        Servers.kill("redis")
        try:
            time.sleep(LEADER_TTL * 2)
            self.assertTrue(cluster.health(leader)["leads"])
            self.assertEqual(leader.get("/leader")["epoch"], 1)
            cluster.remove(leader)
            cluster.wait_for_leader()
        finally:
            Servers.start("redis")
        time.sleep(LEADER_TTL)
        self.assertEqual(cluster.any().get("/leader")["epoch"], 2)


class DyingServers(ClusterTest):
    def test_a_run_outlives_the_database_server(self):
        cluster = self.cluster(2, 200, SLOW, **FEW_CALLS)
        id = cluster.any().execute()
        for steps in (150, 500):
            cluster.wait_for_steps(id, steps)
            Servers.kill("postgresql")
            time.sleep(0.5)
            self.assertEqual(cluster.any().api("GET", "/health").status in (200, 503), True)
            Servers.start("postgresql")
        cluster.wait_for_end(id)
        cluster.check(id)
        cluster.check_events()

    def test_a_database_that_hangs_in_the_middle_of_commits_loses_nothing(self):
        cluster = self.cluster(2, 100, SLOW, **FEW_CALLS)
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 50)
        backends = cluster.database.backends()
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2)
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
        cluster.wait_for_end(id)
        cluster.check(id)

    def test_an_instance_leaves_although_its_database_hangs(self):
        cluster = self.cluster(1, 1, ORCHESTRATOR_DRAIN_SECONDS=0)
        leaving = cluster.wait_for_leader()
        backends = [int(row[0]) for row in cluster.database.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'orchestrator'")]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            reading = leaving.connect(timeout=1)
            reading.request("GET", "/api/v1/orchestrator/executions")  # which is under way for as long as it hangs
            time.sleep(0.2)
            leaving.send_signal(signal.SIGTERM)
            self.assertEqual(leaving.wait(15), 0)
            reading.close()
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)

    def test_a_broker_that_is_down_delays_events_and_nothing_else(self):
        cluster = self.cluster(1, 20)
        Servers.kill("rabbitmq")
        try:
            ids = [cluster.any().execute() for _ in range(3)]
            for id in ids:
                self.assertEqual(cluster.wait_for_end(id)["status"], "completed")
            self.assertEqual(len(cluster.any().get("/events?waiting=true")["events"]), 3)
            self.assertIn("waiting", cluster.any().cli("event", "list").stdout)
            wait_until(lambda: all("RabbitMQ" in (each["problem"] or "") for each in
                                   cluster.any().get("/events?waiting=true")["events"]), "the reason is told", 35)
        finally:
            Servers.start("rabbitmq")
        cluster.check_events()
        self.assertEqual(cluster.any().get("/events?waiting=true")["events"], [])

    def test_events_that_no_queue_wants_wait_with_the_reason(self):
        cluster = self.cluster(1, 2, consume=False)
        id = cluster.any().execute()
        cluster.wait_for_end(id)
        waiting = wait_until(lambda: [each for each in cluster.any().get("/events?waiting=true")["events"]
                                      if each["problem"]], "the broker gives it back")
        self.assertIn("no queue is bound", waiting[0]["problem"])
        self.assertEqual(waiting[0]["payload"]["execution_id"], id)

    def test_events_wait_while_the_user_of_the_broker_has_no_rights(self):
        cluster = self.cluster(1, 2)
        Servers.rights("none")
        try:
            id = cluster.any().execute()
            cluster.wait_for_end(id)
            waiting = wait_until(lambda: [each for each in cluster.any().get("/events?waiting=true")["events"]
                                          if each["problem"]], "the broker refuses", 35)
            self.assertIn("ACCESS_REFUSED", waiting[0]["problem"])
        finally:
            Servers.rights("all")
        cluster.wait_for_arrival(id)
        cluster.check_events()

    def test_events_wait_while_the_broker_takes_none_and_while_no_queue_is_bound(self):
        cluster = self.cluster(1, 2)
        misfortunes = Misfortunes(cluster, random.Random())
        misfortunes.alarm()
        misfortunes.unbound()
        cluster.check_events()

    def test_an_event_that_was_sent_and_not_confirmed_arrives(self):
        cluster = self.cluster(1, 2)
        Misfortunes(cluster, random.Random()).unconfirmed()
        cluster.check_events()

    def test_a_commit_that_is_on_the_disk_but_was_not_answered_is_not_made_again(self):
        cluster = self.cluster(2, 100, SLOW, **FEW_CALLS)
        witness.install(cluster.database)
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 50)
        with Commits(cluster.database) as commits:
            wait_until(lambda: len(commits.waiting()) > 1, "commits wait")
            Servers.kill("postgresql")
            Servers.start("postgresql")
        cluster.wait_for_end(id)
        cluster.check(id)
        witness.check(cluster.database, self)

    def test_a_standby_takes_the_place_of_a_database_that_was_killed(self):
        Servers.start("standby")
        self.addCleanup(Servers.stop, "standby")
        cluster = self.cluster(2, 150, SLOW, **FEW_CALLS)
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 100)
        Servers.kill("postgresql")
        Servers.promote()
        cluster.wait_for_end(id)
        cluster.check(id)
        cluster.check_events()


@unittest.skipUnless(network.BASE, "network namespaces cannot be made here")
class BrokenNetwork(ClusterTest):
    def test_a_leader_that_hears_nothing_of_the_database_leads_no_longer(self):
        cluster = self.cluster(2, 100, SLOW, **FEW_CALLS)
        witness.install(cluster.database)
        deaf = cluster.wait_for_leader()
        other = next(each for each in cluster.instances if each is not deaf)
        id = other.execute()
        cluster.wait_for_steps(id, 50)
        with Cut(deaf, ["postgresql"], requests=False, answers=True):
            wait_until(lambda: not cluster.health(deaf)["leads"], "it leads no longer")
            wait_until(lambda: cluster.health(other)["leads"], "the other one leads")
        cluster.wait_for_end(id)
        cluster.check(id)
        cluster.check_events()
        witness.check(cluster.database, self)

    def test_the_work_of_a_machine_that_lost_its_power_is_taken_up(self):
        cluster = self.cluster(3, 100, SLOW, **FEW_CALLS)
        witness.install(cluster.database)
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 50)
        gone = cluster.wait_for_leader()
        with Cut(gone):
            cluster.remove(gone)
        cluster.wait_for_end(id)
        cluster.check(id)
        cluster.check_events()
        witness.check(cluster.database, self)


class Doctor(ClusterTest):
    def test_real_servers_are_found_well_and_a_wrong_password_is_not(self):
        cluster = self.cluster(1, 1, consume=False)
        settings = {"PORT": "0", "DATABASE_URL": cluster.database.url, "REDIS_URL": Servers.urls["REDIS"],
                    "RABBITMQ_URL": Servers.urls["RABBITMQ"], "PATH": os.environ["PATH"]}

        def doctor(**changed):
            done = subprocess.run([os.environ["ORCHESTRATOR_BIN"], "doctor", "-o", "json"], env={**settings, **changed},
                                  capture_output=True, text=True, timeout=60)
            return done.returncode, {each["subject"]: each for each in json.loads(done.stdout)["findings"]}

        status, found = doctor()
        self.assertEqual(status, 0)
        self.assertEqual({found[name]["state"] for name in ("schema", "Redis", "RabbitMQ")}, {"good"}, found)
        status, found = doctor(RABBITMQ_URL=Servers.urls["RABBITMQ"].replace("guest:guest", "guest:wrong"))
        self.assertEqual((status, found["RabbitMQ"]["state"]), (1, "bad"))
        Servers.rights("none")
        self.addCleanup(Servers.rights, "all")
        status, found = doctor()
        self.assertEqual((status, found["RabbitMQ"]["state"]), (1, "bad"))
        self.assertIn("ACCESS_REFUSED", found["RabbitMQ"]["what"])
        status, found = doctor(DATABASE_URL=cluster.database.url + "_of_nobody")
        self.assertEqual((status, found["database"]["state"]), (1, "bad"))
        self.assertIn("does not exist", found["database"]["what"])

        user = "reader_" + cluster.database.name
        cluster.database.query(f"CREATE ROLE {user} LOGIN")
        in_redis("ACL", "SETUSER", user, "on", ">word", "~*", "&*", "+@read", "+ping")
        try:
            status, found = doctor(DATABASE_URL=cluster.database.url.replace("orchestrator@", user + "@"),
                                   REDIS_URL=Servers.urls["REDIS"].replace("redis://", f"redis://{user}:word@"))
            self.assertEqual((status, found["database"]["state"], found["Redis"]["state"]), (1, "bad", "bad"))
            self.assertIn("no rights on orchestrator_backfill", found["database"]["what"])
            self.assertIn("(SET)", found["Redis"]["what"])
        finally:
            in_redis("ACL", "DELUSER", user)
            cluster.database.query(f"DROP ROLE {user}")


class Torture(ClusterTest):
    def test_the_witness_sees_a_result_that_was_not_the_writers_to_record(self):
        cluster = self.cluster(1, 1)
        witness.install(cluster.database)
        cluster.wait_for_end(cluster.any().execute())
        witness.check(cluster.database, self)
        cluster.database.query(
            "INSERT INTO orchestrator_step_results SELECT execution_id, tenant_run_id, 99, status, attempts, http_status, "
            "carried_over, started_at, duration_ms FROM orchestrator_step_results LIMIT 1")
        with self.assertRaisesRegex(AssertionError, "written by others than the holder"):
            witness.check(cluster.database, self)

    def test_a_few_misfortunes(self):
        rounds = int(os.environ.get("TORTURE_MISFORTUNES", "10"))
        seed = int(os.environ.get("TORTURE_SEED", str(int.from_bytes(os.urandom(3), "big"))))
        done = torture(rounds, seed, lambda count, text: None)
        self.assertGreaterEqual(sum(done.kinds.values()), rounds)


if __name__ == "__main__":
    unittest.main()
