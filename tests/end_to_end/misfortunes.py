"""What may happen to instances, to their servers, and to the network between them, each for real."""

import os
import signal
import time

import network
from cluster import LEADER_TTL
from harness import step, wait_until
from servers import Servers

# How often each happens among all of them.
WEIGHTS = {"kill": 10, "freeze_leader": 4, "vanish": 2, "cut": 4, "postgresql": 1, "commit": 2, "hang": 2, "failover": 1,
           "redis_killed": 1, "redis_emptied": 1, "redis_restarted": 1, "rabbitmq": 1, "unconfirmed": 1, "alarm": 1,
           "unbound": 1}
# What is asked for at least, before several instances may be trusted.
FULL = {kind: 100 for kind in WEIGHTS} | {"kill": 1000, "freeze_leader": 300}


class Misfortunes:
    """A method is a kind, and says in its first line what happens. It returns when the misfortune is over."""

    def __init__(self, cluster, draws):
        self.cluster, self.draws, self.errands = cluster, draws, 0
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

    def errand(self, wait=True):
        """The id of an execution of one call, which has ended by then."""
        if not self.errands:
            self.cluster.ask(201, "POST", "/workflows", {"workflow_name": "errand", "steps": [
                step("forecast", retry={"max_retries": 5, "delay_ms": 20})]})
            self.tenant = self.cluster.simulator.request("GET", "/api/v1/tenants?limit=1").json["tenants"][0]["id"]
        self.errands += 1
        id = self.cluster.ask((200, 202), "POST", "/workflows/errand/execute", {"tenant_ids": [self.tenant]},
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
