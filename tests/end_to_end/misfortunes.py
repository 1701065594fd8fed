"""What may happen to instances, to their servers, to the services that they call, and to the network between them, each
for real."""

import contextlib
import os
import signal
import time

import network
from cluster import LEADER_TTL
from harness import step, wait_until
from servers import Servers
from skewed_clock import DAY

# How often each happens among all of them.
WEIGHTS = {"kill": 10, "freeze_leader": 4, "vanish": 2, "cut": 4, "postgresql": 1, "commit": 2, "hang": 2, "failover": 1,
           "redis_killed": 1, "redis_emptied": 1, "redis_restarted": 1, "rabbitmq": 1, "unconfirmed": 1, "alarm": 1,
           "unbound": 1, "throttle": 2, "hang_service": 2, "directory": 2, "skew": 2}
# Of the steps of daily_operations.
ROUTES = ("generate_forecasts", "calculate_production", "calculate_procurement", "project_inventory", "validate_forecasts",
          "send_notification")
# What a tenant service may do to its list: some of it hides nobody, the rest is told of and made good by a retry.
CALLS_FOR_TENANTS = ({"kind": "error", "statuses": [503]}, {"kind": "error", "statuses": [403]}, {"kind": "reset"},
                     {"kind": "hang", "limit_seconds": 1}, {"kind": "truncated_json"}, {"kind": "malformed_json"})
LISTS_OF_TENANTS = ({"most_in_a_page": 30}, {"most_in_a_page": 30, "has_cursor": True}, {"most_in_a_page": 30, "leaving": 1},
                    {"most_in_a_page": 30, "leaving": 40}, {"total_off_by": 7}, {"total_off_by": -7}, {"ends_at": 60},
                    {"broken_every": 10}, {"most_in_a_page": 30, "refused_from": 60}, {"is_empty": True})
# What is asked for at least, before several instances may be trusted.
FULL = {kind: 100 for kind in WEIGHTS} | {"kill": 1000, "freeze_leader": 300}


class Misfortunes:
    """A method is a kind, and says in its first line what happens. It returns when the misfortune is over."""

    def __init__(self, cluster, draws):
        self.cluster, self.draws, self.errands, self.tenant = cluster, draws, 0, None
        self.refused = 0  # writes, by instances that are dead now

    def pause(self, least, most):
        time.sleep(self.draws.uniform(least, most))

    # Instances

    def kill(self):
        """kill -9 of an instance, and another one in its place"""
        self._replace(self.draws.choice(self.cluster.instances))

    def _replace(self, instance):
        self.refused += self.cluster.health(instance)["refused_writes"]
        self.cluster.remove(instance)
        self.cluster.add()

    def freeze_leader(self):
        """SIGSTOP of the leader for twice its lease, and until another one leads"""
        began = time.monotonic()
        leader, _ = self.cluster.freeze_leader()
        time.sleep(max(0, began + LEADER_TTL * 2 - time.monotonic()))
        leader.send_signal(signal.SIGCONT)

    def skew(self):
        """the clock of an instance is wrong by seconds, days or months: of one that runs, or of one that starts"""
        seconds = self.draws.choice((45, 600, DAY, 92 * DAY)) * self.draws.choice((1, -1))
        if self.draws.random() < 0.3:
            self.cluster.remove(self.cluster.instances[0])
            instance = self.cluster.add(skew=seconds)
        else:
            instance = self.draws.choice(self.cluster.instances)
            instance.clock.set(seconds)
        self.pause(0.5, 5)
        instance.clock.set(0)

    # The network

    def vanish(self):
        """a machine loses its power: the instance is gone, and its connections stay open at the servers"""
        instance = self.draws.choice(self.cluster.instances)
        self.refused += self.cluster.health(instance)["refused_writes"]
        with network.Cut(instance):
            self.pause(0, 0.3)
            self.cluster.remove(instance)
        self.cluster.add()

    def cut(self):
        """the network between an instance and servers is cut, one way or both, steadily or flapping"""
        instance = self.draws.choice(self.cluster.instances)
        servers = self.draws.choice([network.SERVERS, *((each,) for each in network.SERVERS)])
        lost = self.draws.choice(({"requests": True, "answers": False}, {"requests": False, "answers": True},
                                  {"requests": True, "answers": True}))
        flaps = self.draws.choice((1, 1, 1, 5))
        longest = 17 if self.draws.random() < 0.05 else 4  # 17 s: longer than any deadline for PostgreSQL
        for _ in range(flaps):
            with network.Cut(instance, servers, **lost):
                self.pause(0.05, longest / flaps)
            self.pause(0, 0.3)

    # PostgreSQL

    def postgresql(self):
        """kill -9 of PostgreSQL, and a new start"""
        Servers.kill("postgresql")
        self.pause(0, 1)
        Servers.start("postgresql")

    def commit(self):
        """PostgreSQL, or a connection to it, dies or stops after a commit has reached the disk and before the answer"""
        database = self.cluster.database
        with Commits(database) as commits:
            waiting = wait_until(commits.waiting, "a commit waits", 30, pause=0.01)
            end = self.draws.choice(("server", "server", "connection", "stop"))
            if end == "server":
                Servers.kill("postgresql")
                self.pause(0, 0.5)
                Servers.start("postgresql")
            elif end == "connection":
                database.query(*(f"SELECT pg_terminate_backend({pid})" for pid in waiting))
            else:
                self._stop(waiting)

    def hang(self):
        """SIGSTOP of some of PostgreSQL's processes, wherever they are"""
        backends = self.cluster.database.backends()
        self._stop(self.draws.sample(backends, self.draws.randint(1, len(backends))) if backends else [])

    def _stop(self, processes):
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        self.pause(0.1, 1.5)
        for pid in processes:
            os.kill(pid, signal.SIGCONT)

    def failover(self):
        """kill -9 of PostgreSQL, its standby takes its place, and gets a new standby"""
        Servers.start("standby")
        Servers.kill("postgresql")
        self.pause(0, 0.5)
        Servers.promote()
        Servers.start("standby")

    # Redis

    def redis_killed(self):
        """kill -9 of Redis, and a new start"""
        Servers.kill("redis")
        self.pause(0, 1)
        Servers.start("redis")

    def redis_emptied(self):
        """FLUSHALL"""
        Servers.flush_redis()

    def redis_restarted(self):
        """Redis is stopped in an orderly way, and started again"""
        Servers.stop("redis")
        self.pause(0, 1)
        Servers.start("redis")

    # RabbitMQ

    def rabbitmq(self):
        """kill -9 of RabbitMQ, and a new start"""
        Servers.kill("rabbitmq")
        self.pause(0, 1)
        Servers.start("rabbitmq")

    def unconfirmed(self):
        """kill -9 of RabbitMQ with an event that it was sent and has not confirmed"""
        self.cluster.wait_for_arrival(self.errand())  # so that the relay is connected
        Servers.signal("rabbitmq", signal.SIGSTOP)
        self.errand(wait=False)  # whichever event is sent first: the relay waits for no confirm longer than a few seconds
        wait_until(lambda: Servers.bytes_unread() > 300, "the event is sent", 20, pause=0.01)
        Servers.kill("rabbitmq")
        Servers.start("rabbitmq")

    def alarm(self):
        """RabbitMQ is short of memory and takes no messages"""
        self.cluster.wait_for_arrival(self.errand())
        Servers.alarm("on")
        try:
            # A connection is blocked by its first message, which still comes through.
            self.errand()
            waits = self.errand()
            self.pause(0.2, 2)
            assert self.cluster.event_of(waits) not in self.cluster.consumer.arrived, "RabbitMQ was to take nothing"
        finally:
            Servers.alarm("off")
        self.cluster.wait_for_arrival(waits)

    def unbound(self):
        """the consumer's queue is not bound, so that events come back"""
        self.cluster.consumer.unbind()
        try:
            waits = self.errand()
            wait_until(lambda: self.cluster.database.query(
                f"SELECT 1 FROM orchestrator_outbox WHERE payload->>'execution_id' = '{waits}' "
                "AND problem LIKE 'no queue is bound%'"), "the event comes back", pause=0.02)
        finally:
            self.cluster.consumer.bind()
        self.cluster.wait_for_arrival(waits)

    # The services that are called

    def _faults(self, *rules):
        """Meanwhile the platform has these, too."""
        return self._faults_instead(*rules, *self.cluster.faults)

    @contextlib.contextmanager
    def _faults_instead(self, *rules):
        simulator, seed = self.cluster.simulator, self.cluster.seed
        simulator.set_faults(*rules, seed=seed)
        try:
            yield
        finally:
            simulator.set_faults(*self.cluster.faults, seed=seed)

    def throttle(self):
        """a service allows a few calls a second, and says when to come back, or does not"""
        says = self.draws.choice(({"statuses": [429], "retry_after": "absent"},
                                  {"statuses": [429, 503], "retry_after": "seconds", "retry_after_seconds": 1},
                                  {"statuses": [429, 503], "retry_after": "http_date", "retry_after_seconds": 1}))
        with self._faults({"kind": "rate_limit", "route": self.draws.choice(ROUTES),
                           "calls_per_second": self.draws.choice((0, 1, 5, 20)), **says}):
            self.pause(0.5, 3)

    def hang_service(self):
        """a service takes calls and answers none"""
        with self._faults({"kind": "hang", "route": self.draws.choice(ROUTES), "limit_seconds": self.draws.randint(1, 3),
                           "when": self.draws.choice(("before", "after"))}):
            self.pause(0.5, 3)

    def directory(self):
        """the tenant service refuses, hangs, caps, shifts or cuts its list short while an execution is planned"""
        rule, flaws = self.draws.choice([*((rule, {}) for rule in CALLS_FOR_TENANTS),
                                         *((None, flaws) for flaws in LISTS_OF_TENANTS)])
        rules = [{"route": "list_tenants", **rule}] if rule else []
        simulator = self.cluster.simulator
        self._introduce_errands()
        with self._faults(*rules):
            simulator.set_list_flaws(**flaws)
            try:
                ids = [self.errand(wait=False, body={})]
                self.pause(0.1, 2)
            finally:
                simulator.set_list_flaws()
        while self.cluster.wait_for_end(ids[-1])["status"] != "completed":
            assert len(ids) < 5, f"{ids}: retries do not make it whole"
            ids.append(self.cluster.ask(202, "POST", f"/executions/{ids[-1]}/retry").json["id"])
        self._check_served_once(ids)

    def _check_served_once(self, ids):
        """Over an execution and its retries, each tenant was served, and none twice."""
        served = self.cluster.database.query(
            "SELECT r.tenant_id FROM orchestrator_step_results s JOIN orchestrator_tenant_runs r ON r.id = tenant_run_id "
            "WHERE s.status = 'completed' AND NOT carried_over AND s.execution_id IN ('" + "', '".join(ids) + "')")
        tenants = {row[0] for row in served}
        assert len(tenants) == self.cluster.tenants, f"{ids}: {len(tenants)} tenants were served"
        assert len(served) == len(tenants), f"{ids}: {len(served) - len(tenants)} were served twice"

    def _introduce_errands(self):
        """Once: their workflow, and whom most of them are for."""
        if self.tenant:
            return
        self.cluster.ask(201, "POST", "/workflows", {"workflow_name": "errand", "steps": [
            step("forecast", retry={"max_retries": 5, "delay_ms": 20})]})
        with self._faults_instead():  # of none: a question of our own
            self.tenant = self.cluster.simulator.tenants()[0]

    def errand(self, wait=True, body=None):
        """The id of an execution of one call, which has ended by then. `body`: of another choice of tenants."""
        self._introduce_errands()
        self.errands += 1
        id = self.cluster.ask((200, 202), "POST", "/workflows/errand/execute",
                              {"tenant_ids": [self.tenant]} if body is None else body,
                              {"Idempotency-Key": f"errand-{self.errands}"}).json["id"]
        if wait:
            self.cluster.wait_for_end(id)
        return id


class Commits:
    """`with Commits(database) as commits: …`: meanwhile every commit waits, on the disk already, for a standby that there is
    not."""

    def __init__(self, database):
        self.database = database

    def __enter__(self):
        self.before = self.database.query("SHOW synchronous_standby_names")[0][0]
        self._wait_for("nobody")
        return self

    def __exit__(self, *_):
        self._wait_for(self.before)

    def _wait_for(self, standby):
        self.database.query(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'", "SELECT pg_reload_conf()")

    def waiting(self):
        return self.database.backends("wait_event = 'SyncRep'")
