"""Several instances on real PostgreSQL, Redis and RabbitMQ servers, which tests/with_servers starts, and what must hold
of them whatever dies. Judged by the platform simulator's effects, by a consumer of the broker, and by the database."""

import collections
import os
import shutil
import signal
import tempfile
import time
import unittest

import network
from harness import DAILY_STEPS, FINAL, Orchestrator, Simulator, wait_until
from servers import Consumer, Database, Servers
from skewed_clock import SkewedClock

LEADER_TTL = 1.5     # seconds
CLAIM_LEASE = 3.0


class Cluster:
    def __init__(self, instances, tenants, faults=(), seed=1, consume=True, **settings):
        assert Servers.folder, "run this through tests/with_servers postgresql redis rabbitmq --"
        self.folder = tempfile.mkdtemp(prefix="orchestrator cluster ")
        self.tenants, self.faults, self.seed, self.settings, self.started = tenants, faults, seed, settings, 0
        self.instances, self.graveyard = [], []
        self.database = Database()
        self.simulator = Simulator(self.folder, tenants, seed, network.address_of("simulator"))
        self.consumer = None
        try:
            self.simulator.start()
            if faults:
                self.simulator.set_faults(*faults, seed=seed)
            if consume:
                self.consumer = Consumer(self.database.name)
            for _ in range(instances):
                self.add()
        except BaseException:
            self.close()
            raise

    def add(self, wait=True, skew=0):
        self.started += 1
        name = f"instance_{self.started}"
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        settings = {"DATABASE_URL": f"{self.database.url}?application_name={name}",
                    "REDIS_URL": Servers.urls["REDIS"], "RABBITMQ_URL": Servers.urls["RABBITMQ"],
                    "ORCHESTRATOR_SCHEDULER": "on", "DAILY_WORKFLOW_CRON": "0 0 1 1 *", "WEEKLY_WORKFLOW_CRON": "0 0 1 1 *",
                    "LEADER_LOCK_TTL_SECONDS": LEADER_TTL, "LEADER_HEARTBEAT_SECONDS": LEADER_TTL / 4,
                    "ORCHESTRATOR_LEASE_SECONDS": CLAIM_LEASE, "ORCHESTRATOR_INSTANCE_ID": name, **self.settings}
        made = Orchestrator(folder, self.simulator.url, **settings)
        made.label = name
        made.clock = SkewedClock(made, skew)
        if network.BASE:
            network.move_out(made)
        made.start() if wait else made.spawn()
        self.instances.append(made)
        return made

    def remove(self, instance):
        """kill -9, and forgotten."""
        self.instances.remove(instance)
        instance.kill()

    def any(self):
        return self.instances[0]

    def leader(self):
        """The instance that leads, by its own account."""
        return next((each for each in self.instances if self.health(each)["leads"]), None)

    @staticmethod
    def health(instance):
        """Whatever its status: an instance without its database is unhealthy."""
        return instance.api("GET", "/health").json

    def wait_for_all(self):
        """Until every instance knows of every other: each has had a heartbeat since the last one began."""
        wait_until(lambda: self.database.number("SELECT count(*) FROM orchestrator_instances") == len(self.instances),
                   "all instances have a lease")
        time.sleep(CLAIM_LEASE / 6 * 1.5)

    def wait_for_leader(self, seconds=30):
        return wait_until(self.leader, "somebody leads", seconds, pause=0.02)

    def freeze_leader(self):
        """SIGSTOP of the leader until another one leads, wherever it was just then: (the frozen one, the other one)."""
        frozen = self.wait_for_leader()
        frozen.send_signal(signal.SIGSTOP)
        others = [each for each in self.instances if each is not frozen]
        return frozen, wait_until(lambda: next((each for each in others if self.health(each)["leads"]), None),
                                  f"another one leads than {frozen.label}, which is frozen", 15)

    def ask(self, expected, method, path, body=None, headers=None):
        """The first answer with one of the expected statuses: the servers may be away."""
        expected = expected if isinstance(expected, tuple) else (expected,)

        def answered():
            answer = self.any().api(method, path, body, headers)
            assert answer.status in (*expected, 500, 503), f"{method} {path}: {answer}"
            return answer if answer.status in expected else None
        return wait_until(answered, f"{method} {path} is answered")

    def has_ended(self, id):
        """Asked patiently: the database may be away."""
        answer = self.any().api("GET", f"/executions/{id}")
        return answer.json if answer.status == 200 and answer.json["status"] in FINAL else None

    def wait_for_end(self, id, seconds=120):
        return wait_until(lambda: self.has_ended(id), f"execution {id} ends", seconds)

    def refused_writes(self):
        return sum(self.health(each)["refused_writes"] for each in self.instances)

    def event_of(self, id):
        """The id of the event that tells of the end of an execution."""
        return self.database.query(f"SELECT event_id FROM orchestrator_outbox WHERE payload->>'execution_id' = '{id}'")[0][0]

    def wait_for_arrival(self, id, seconds=60):
        event = self.event_of(id)
        wait_until(lambda: event in self.consumer.arrived, f"the event of {id} arrives", seconds, pause=0.01)

    def wait_for_steps(self, id, least, seconds=60):
        def ended():
            answer = self.any().api("GET", f"/executions/{id}")
            shown = answer.json
            return answer.status == 200 and shown["steps_completed"] + shown["steps_failed"] + shown["steps_skipped"] >= least
        wait_until(ended, f"{least} steps of {id} have ended", seconds, pause=0.01)

    def workers_of(self, id):
        """How many tenants of an execution each instance finished."""
        return collections.Counter(each["claimed_by"] for each in self.any().list(f"/executions/{id}/tenants", "tenants"))

    def check(self, id, status="completed"):
        """Everything that must hold of an execution that has ended."""
        test = unittest.TestCase()
        shown = self.any().execution(id)
        test.assertIn(shown["status"], FINAL)
        if status:
            test.assertEqual(shown["status"], status, shown)
        ended = shown["steps_completed"] + shown["steps_failed"] + shown["steps_skipped"]
        # Unless the list of tenants was cut short, which is told and keeps it from being a success.
        planned = shown["tenants"]["total"]
        if shown.get("planned_to_end", True):
            test.assertEqual(planned, self.tenants)
        else:
            test.assertNotEqual(shown["status"], "completed", shown)
        test.assertEqual(shown["tenants"]["pending"], 0)
        test.assertEqual(ended, shown["steps_total"])
        test.assertEqual(ended, planned * DAILY_STEPS)
        where = f"WHERE execution_id = '{id}'"
        test.assertEqual(self.database.number(f"SELECT count(*) FROM orchestrator_step_results {where}"), ended)
        test.assertEqual(self.database.query(
            f"SELECT sum(completed), sum(failed), sum(skipped) FROM orchestrator_step_counts {where}"),
            [[str(shown[name]) for name in ("steps_completed", "steps_failed", "steps_skipped")]])
        test.assertEqual(self.database.number(
            f"SELECT count(*) FROM orchestrator_tenant_runs {where} AND status IN ('pending', 'running')"), 0)
        test.assertEqual(self.database.query(
            f"SELECT count(*) = max(sequence), max(sequence) = (SELECT last_log_sequence FROM orchestrator_executions "
            f"WHERE id = '{id}') FROM orchestrator_execution_logs {where}"), [["t", "t"]], "logs without gaps")
        effects = self.simulator.effects_of(id)
        completed = self.database.query(
            f"SELECT r.tenant_id, s.step_index FROM orchestrator_step_results s JOIN orchestrator_tenant_runs r "
            f"ON r.id = tenant_run_id WHERE s.execution_id = '{id}' AND s.status = 'completed'")
        test.assertEqual(len({tuple(row) for row in completed}), len(completed))
        test.assertGreaterEqual(len(effects), len(completed), "what is recorded as completed was called")
        return shown

    def check_events(self):
        """Each execution that ended was told of; nothing was told that is not committed."""
        test = unittest.TestCase()
        ended = {row[0] for row in self.database.query(
            "SELECT id FROM orchestrator_executions WHERE status NOT IN ('pending', 'running')")}
        told = dict(self.database.query("SELECT payload->>'execution_id', event_id FROM orchestrator_outbox"))
        test.assertEqual(set(told), ended)
        wait_until(lambda: set(told.values()) <= set(self.consumer.arrived), "every event arrives", 60)
        ours = {id for id, payload in self.consumer.payloads.items() if payload["execution_id"] in ended}
        test.assertEqual(ours, set(told.values()), "no event without its commit")
        # Confirmed, but not noted as such before a kill: that is published again.
        wait_until(lambda: self.database.number(
            "SELECT count(*) FROM orchestrator_outbox WHERE published_at IS NULL") == 0, "all are noted as published", 60)

    def logs(self, lines=15):
        return "\n".join(f"--- {each.label}\n{each.log_tail(lines)}" for each in self.instances)

    def close(self, keep=False):
        for each in [*self.instances, self.simulator]:
            each.end()
        if self.consumer:
            self.consumer.stop()
        self.database.drop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class ClusterTest(unittest.TestCase):
    maxDiff = 4000

    def cluster(self, instances, tenants, *faults, **settings):
        made = Cluster(instances, tenants, faults, **settings)
        self.addCleanup(self._close, made)
        return made

    def _close(self, made):
        broken = any(test is self and error for test, error in
                     self._outcome.result.failures + self._outcome.result.errors)
        if broken:
            print(f"\n{self.id()}: kept {made.folder}\n{made.logs()}", flush=True)
        made.close(keep=broken)
