#!/usr/bin/env python3
"""Misfortunes at random moments of runs that three instances share. Every step is recorded once, by who held its claim;
every execution ends; every event arrives; what is due is started once, by who leads.

    cluster_torture.py [MISFORTUNES] [--only KIND] [--full] [--seed N]      called by `./dev torture cluster`
"""

import argparse
import collections
import random
import sys
import time
import unittest

import network
import witness
from cluster import Cluster
from harness import wait_until
from misfortunes import FULL, WEIGHTS, Misfortunes
from schedules import Schedules
from servers import Servers

TENANTS = 120
FAULTS = ({"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 2, "max_ms": 40},
          {"kind": "error", "route": "*", "rate": 0.01, "statuses": [500, 502]},
          {"kind": "reset", "route": "*", "rate": 0.01, "when": "after"})
SETTINGS = {"ORCHESTRATOR_MAX_CALLS": 12, "ORCHESTRATOR_LEASE_SECONDS": 2,
            "HISTORY_RETENTION_DAYS": 3_650}  # backfills go back far
Outcome = collections.namedtuple("Outcome", "kinds executions steps scheduled events refused seconds")


def possible_kinds():
    return [kind for kind in WEIGHTS if network.BASE or kind not in ("cut", "vanish")]


class Torture:
    def __init__(self, cluster, draws, tell, kinds):
        self.cluster, self.draws, self.tell, self.kinds = cluster, draws, tell, kinds
        self.misfortunes, self.schedules = Misfortunes(cluster, draws), Schedules(cluster)
        self.done, self.ids, self.test = collections.Counter(), [], unittest.TestCase()
        witness.install(cluster.database)

    def run(self, misfortunes):
        """An Outcome but for its seconds."""
        while self.done.total() < misfortunes:
            id = self.begin()
            while self.done.total() < misfortunes and not self.cluster.has_ended(id):
                time.sleep(self.draws.uniform(0.05, 0.6))
                self.strike()
            self.cluster.wait_for_end(id, 180)
            self.cluster.check(id, status=None)
        return self.check_all()

    def begin(self):
        self.schedules.begin_backfill()
        key = {"Idempotency-Key": f"torture-{len(self.ids)}"}
        self.ids.append(self.cluster.ask((200, 202), "POST", "/workflows/daily_operations/execute", headers=key).json["id"])
        return self.ids[-1]

    def strike(self):
        kind = self.draws.choices(self.kinds, [WEIGHTS[each] for each in self.kinds])[0]
        getattr(self.misfortunes, kind)()
        self.done[kind] += 1
        self.tell(self.done.total(), f"misfortunes, execution {len(self.ids)}; the last: {kind}")

    def check_all(self):
        self.schedules.pause()
        scheduled = self.schedules.check(self.test)
        witness.check(self.cluster.database, self.test)
        self.cluster.check_events()
        effects = self.cluster.simulator.effects()
        self.test.assertEqual((effects["without_key"], effects["reused_keys"]), (0, 0))
        count = self.cluster.database.number
        return Outcome(dict(self.done), len(self.ids), count("SELECT count(*) FROM orchestrator_step_results"), scheduled,
                       count("SELECT count(*) FROM orchestrator_outbox"),
                       self.misfortunes.refused + self.cluster.refused_writes(), 0)


def torture(misfortunes, seed, tell, only=None):
    """An Outcome, or an AssertionError that names the folder with the logs."""
    kinds = [only] if only else possible_kinds()
    for server in ("postgresql", *(["standby"] if "failover" in kinds else []), "redis", "rabbitmq"):
        Servers.start(server)  # or left as it is
    try:
        return torture_cluster(misfortunes, seed, tell, kinds)
    finally:
        if "failover" in kinds:
            Servers.stop("standby")


def torture_cluster(misfortunes, seed, tell, kinds):
    began = time.monotonic()
    cluster, keep = Cluster(3, TENANTS, FAULTS, seed, **SETTINGS), True
    try:
        outcome = Torture(cluster, random.Random(seed), tell, kinds).run(misfortunes)
        keep = False
        return outcome._replace(seconds=time.monotonic() - began)
    except Exception as broken:
        raise AssertionError(f"seed {seed}; kept {cluster.folder}: {broken!r}\n{cluster.logs()}") from broken
    finally:
        cluster.close(keep)


def summary(done):
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.kinds.items()))
    return (f"{sum(done.kinds.values())} misfortunes ({kinds}) over {done.executions} executions in {done.seconds:.0f} s: "
            f"{done.steps} steps, each recorded once by who held it; {done.refused} late writes refused; {done.scheduled} "
            f"scheduled times, each started once by who led; {done.events} events, all arrived")


class Progress:
    """One line that changes on a terminal, else a line for each tenth misfortune."""

    live = sys.stdout.isatty()

    def __call__(self, count, text):
        if self.live:
            print(f"\r\x1b[K{count:4d} {text}", end="", flush=True)
        elif count % 10 == 0:
            print(f"{count:4d} {text}", flush=True)

    def end(self, text):
        print(f"\r\x1b[K{text}" if self.live else text, flush=True)


def run_all(rounds, seed):
    """True: everything held. `rounds`: how many of which kind; a failure of one does not keep the others from running."""
    good, tell = True, Progress()
    for count, only in rounds:
        try:
            tell.end(summary(torture(count, seed, tell, only)))
        except AssertionError as broken:
            print(f"\nFAILED ({only or 'all kinds'}): {broken}", file=sys.stderr, flush=True)
            good = False
    return good


def read_arguments():
    lines = [f"  {kind:16s} {getattr(Misfortunes, kind).__doc__}" for kind in WEIGHTS]
    parser = argparse.ArgumentParser(
        prog="./dev torture cluster", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Hurt instances and servers at random moments and check what is promised.",
        epilog="kinds:\n" + "\n".join(lines))
    parser.add_argument("misfortunes", nargs="?", type=int, default=200, help="how many (200)")
    parser.add_argument("--only", choices=tuple(WEIGHTS), metavar="KIND", help="of one kind")
    parser.add_argument("--full", action="store_true",
                        help="each kind by itself: 1000 kill, 300 freeze_leader, 100 of each other; takes hours")
    parser.add_argument("--seed", type=int, default=None, help="of the moments; printed, so that a run can be repeated")
    chosen = parser.parse_args()
    if chosen.misfortunes < 1:
        parser.error("MISFORTUNES must be at least 1")
    if chosen.only and chosen.only not in possible_kinds():
        parser.error(f"{chosen.only} needs network namespaces, which only root can make")
    return chosen


def main():
    chosen = read_arguments()
    seed = random.SystemRandom().randrange(1 << 31) if chosen.seed is None else chosen.seed
    rounds = [(FULL[kind], kind) for kind in possible_kinds()] if chosen.full else [(chosen.misfortunes, chosen.only)]
    left_out = "" if network.BASE else "; no network namespaces here, so without cut and vanish"
    print(f"{sum(count for count, _ in rounds)} misfortunes, seed {seed}{left_out}", flush=True)
    return 0 if run_all(rounds, seed) else 1


if __name__ == "__main__":
    sys.exit(main())
