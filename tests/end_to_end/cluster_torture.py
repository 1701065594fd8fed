#!/usr/bin/env python3
"""Misfortunes at random moments of runs that three instances share: kill -9 of an instance, a leader that freezes for
twice its lease, servers that are killed, emptied or hang. Every step is recorded once, every execution ends, every event
arrives.

    cluster_torture.py [MISFORTUNES] [--only KIND] [--seed N]      called by `./dev torture cluster`
"""

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import time

from cluster import LEADER_TTL, Cluster, Servers
from harness import wait_until

TENANTS = 120
FAULTS = ({"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 2, "max_ms": 40},
          {"kind": "error", "route": "*", "rate": 0.01, "statuses": [500, 502]},
          {"kind": "reset", "route": "*", "rate": 0.01, "when": "after"})
Outcome = collections.namedtuple("Outcome", "misfortunes kinds executions steps refused seconds")


class Torture:
    def __init__(self, cluster, draws, tell, only):
        self.cluster, self.draws, self.tell = cluster, draws, tell
        self.kinds = {"kill": self.kill, "freeze_leader": self.freeze_leader, "redis": self.hurt_redis,
                      "postgresql": self.kill_postgresql, "hang": self.hang_postgresql, "rabbitmq": self.kill_rabbitmq}
        self.weights = {"kill": 10, "freeze_leader": 4, "redis": 2, "postgresql": 1, "hang": 1, "rabbitmq": 1}
        if only:
            self.kinds = {only: self.kinds[only]}
        self.done, self.ids, self.refused = collections.Counter(), [], 0

    def kill(self):
        self.cluster.remove(self.draws.choice(self.cluster.instances))
        self.cluster.add()

    def freeze_leader(self):
        leader = self.cluster.leader()
        if not leader:
            return
        leader.send_signal(signal.SIGSTOP)
        time.sleep(LEADER_TTL * 2)
        leader.send_signal(signal.SIGCONT)

    def hurt_redis(self):
        if self.draws.random() < 0.5:
            subprocess.run(["redis-cli", "-u", Servers.redis, "flushall"], check=True, capture_output=True)
            return
        Servers.kill("redis")
        time.sleep(self.draws.uniform(0, 1))
        Servers.start("redis")

    def kill_postgresql(self):
        Servers.kill("postgresql")
        time.sleep(self.draws.uniform(0, 1))
        Servers.start("postgresql")

    def hang_postgresql(self):
        pids = [int(row[0]) for row in self.cluster.database.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'orchestrator'")]
        chosen = self.draws.sample(pids, self.draws.randint(1, len(pids))) if pids else []
        for pid in chosen:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(self.draws.uniform(0.1, 1.5))
        for pid in chosen:
            os.kill(pid, signal.SIGCONT)

    def kill_rabbitmq(self):
        Servers.kill("rabbitmq")
        time.sleep(self.draws.uniform(0, 1))
        Servers.start("rabbitmq")

    def begin(self):
        def opened():
            answer = self.draws.choice(self.cluster.instances).api(
                "POST", "/workflows/daily_operations/execute", headers={"Idempotency-Key": f"torture-{len(self.ids)}"})
            return answer.json["id"] if answer.status in (200, 202) else None
        self.ids.append(wait_until(opened, "an execution is opened"))
        return self.ids[-1]

    def run(self, misfortunes):
        while sum(self.done.values()) < misfortunes:
            id = self.begin()
            while sum(self.done.values()) < misfortunes and not self.cluster.has_ended(id):
                time.sleep(self.draws.uniform(0.05, 0.6))
                names = list(self.kinds)
                kind = self.draws.choices(names, [self.weights[name] for name in names])[0]
                self.kinds[kind]()
                self.done[kind] += 1
                self.tell(f"{sum(self.done.values()):4d} misfortunes, execution {len(self.ids)}; the last: {kind}")
            self.cluster.wait_for_end(id, 180)
            self.cluster.check(id, status=None)
        self.refused = self.cluster.refused_writes()
        self.cluster.check_events()


def torture(misfortunes, seed, tell, only=None):
    """An Outcome, or an AssertionError that names the folder with the logs."""
    began, draws = time.monotonic(), random.Random(seed)
    cluster, keep = Cluster(3, TENANTS, FAULTS, seed, ORCHESTRATOR_MAX_CALLS=12), True
    try:
        work = Torture(cluster, draws, tell, only)
        work.run(misfortunes)
        steps = cluster.database.number("SELECT count(*) FROM orchestrator_step_results")
        keep = False
        return Outcome(sum(work.done.values()), dict(work.done), len(work.ids), steps, work.refused,
                       time.monotonic() - began)
    except AssertionError as broken:
        raise AssertionError(f"seed {seed}; kept {cluster.folder}: {broken}\n{cluster.logs()}") from broken
    finally:
        cluster.close(keep)


def main():
    parser = argparse.ArgumentParser(description="Hurt instances and servers at random moments and check what is promised.")
    parser.add_argument("misfortunes", nargs="?", type=int, default=200, help="how many (200)")
    parser.add_argument("--only", choices=("kill", "freeze_leader", "redis", "postgresql", "hang", "rabbitmq"),
                        help="of one kind")
    parser.add_argument("--seed", type=int, default=None, help="of the moments; printed, so that a run can be repeated")
    chosen = parser.parse_args()
    if chosen.misfortunes < 1:
        parser.error("MISFORTUNES must be at least 1")
    seed = random.SystemRandom().randrange(1 << 31) if chosen.seed is None else chosen.seed
    live = sys.stdout.isatty()

    def tell(line):
        if live:
            print(f"\r\x1b[K{line}", end="", flush=True)
        elif int(line.split()[0]) % 10 == 0:
            print(line, flush=True)

    print(f"{chosen.misfortunes} misfortunes, seed {seed}", flush=True)
    try:
        done = torture(chosen.misfortunes, seed, tell, chosen.only)
    except AssertionError as broken:
        print(f"\nFAILED: {broken}", file=sys.stderr)
        return 1
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.kinds.items()))
    print(f"{chr(13) if live else ''}{done.misfortunes} misfortunes ({kinds}) over {done.executions} executions in "
          f"{done.seconds:.0f} s: {done.steps} steps, each recorded once; every event arrived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
