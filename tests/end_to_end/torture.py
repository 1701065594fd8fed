#!/usr/bin/env python3
"""kill -9 at random moments, in the middle of runs, of starts and of requests, and a restart after each: every step is
recorded once, every effect happens once, every run ends and its totals add up.

    torture.py [KILLS] [--seed N]      300 kills; called by `./dev torture`, and with few kills by test_crashes.py
"""

import argparse
import collections
import os
import random
import sys
import time
import unittest

from harness import FINAL, Platform, check_execution, wait_until

TENANTS = 400
FAULTS = (
    {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 2, "max_ms": 30},
    {"kind": "error", "route": "calculate_production", "tenant_share": 0.02, "statuses": [422]},
    {"kind": "error", "route": "*", "rate": 0.01, "statuses": [500, 502]},
    {"kind": "reset", "route": "*", "rate": 0.01, "when": "after"},
)
Outcome = collections.namedtuple("Outcome", "kills executions steps repeated_calls seconds")


class Torture:
    def __init__(self, platform, draws, tell):
        self.platform, self.orchestrator, self.draws, self.tell = platform, platform.orchestrator, draws, tell
        self.kills, self.checked, self.keys = 0, [], []
        self.checks = unittest.TestCase()

    def kill(self):
        self.orchestrator.kill()
        self.kills += 1
        # Sometimes again before it is up.
        while self.draws.random() < 0.15:
            self.orchestrator.spawn()
            time.sleep(self.draws.uniform(0, 0.1))
            self.orchestrator.kill()
            self.kills += 1
        self.orchestrator.start()

    def begin(self):
        """Starts an execution; sometimes the program dies before we could read its answer, and we ask again."""
        key = f"torture-{len(self.keys)}"
        self.keys.append(key)
        path, headers = "/workflows/daily_operations/execute", {"Idempotency-Key": key}
        if self.draws.random() < 0.3:
            connection = self.orchestrator.connect()
            connection.request("POST", "/api/v1/orchestrator" + path, headers=headers)
            time.sleep(self.draws.uniform(0, 0.02))
            self.kill()
            connection.close()
        answer = self.orchestrator.api("POST", path, headers=headers)
        assert answer.status in (200, 202), answer
        return answer.json["id"]

    def check(self, id):
        check_execution(self.checks, self.platform, id)
        self.checked.append(id)

    def run(self, kills):
        while self.kills < kills:
            id = self.begin()
            while self.kills < kills and not self.orchestrator.has_ended(id):
                time.sleep(self.draws.uniform(0.01, 0.4))
                self.kill()
                shown = self.orchestrator.execution(id)
                self.tell(f"{self.kills:4d} kills, execution {len(self.keys)}: {shown['status']}, "
                          f"{shown['steps_completed']}/{shown['steps_total']} steps")
            wait_until(lambda id=id: self.orchestrator.has_ended(id), f"execution {id} ends", 120)
            self.check(id)
        self.check_all()

    def check_all(self):
        shown = self.orchestrator.list("/executions", "executions")
        self.checks.assertEqual(len(shown), len(self.keys), "one execution for each key")
        self.checks.assertEqual({each["id"] for each in shown}, set(self.checked))
        for execution in shown:
            self.checks.assertIn(execution["status"], FINAL)
            self.checks.assertEqual(execution["tenants"]["total"], TENANTS)
        self.checks.assertEqual(self.orchestrator.query("PRAGMA integrity_check"), [("ok",)])
        self.checks.assertEqual(self.orchestrator.query("PRAGMA foreign_key_check"), [])
        self.checks.assertEqual(self.orchestrator.stop(), 0)


def torture(kills, seed, tell):
    """An Outcome, or an AssertionError that names the folder with the database and the logs."""
    began = time.monotonic()
    platform, keep = Platform(TENANTS, FAULTS, seed, ORCHESTRATOR_MAX_CALLS=16), True
    try:
        work = Torture(platform, random.Random(seed), tell)
        work.run(kills)
        steps = sum(row[0] for row in platform.orchestrator.query("SELECT count(*) FROM orchestrator_step_results"))
        outcome = Outcome(work.kills, len(work.keys), steps, platform.simulator.effects()["repeated"],
                          time.monotonic() - began)
        keep = False
        return outcome
    except AssertionError as broken:
        raise AssertionError(f"seed {seed}; kept {platform.folder}: {broken}\n"
                             f"{platform.orchestrator.log_tail(15)}") from broken
    finally:
        platform.close(keep)


def main():
    parser = argparse.ArgumentParser(description="Kill the orchestrator at random moments and check what it promises.")
    parser.add_argument("kills", nargs="?", type=int, default=300, help="how often (300)")
    parser.add_argument("--seed", type=int, default=None, help="of the moments; printed, so that a run can be repeated")
    chosen = parser.parse_args()
    if chosen.kills < 1:
        parser.error("KILLS must be at least 1")
    for name in ("ORCHESTRATOR_BIN", "SIMULATOR_BIN"):
        if name not in os.environ:
            parser.error(f"{name} names no program; ./dev torture sets it")
    seed = random.SystemRandom().randrange(1 << 31) if chosen.seed is None else chosen.seed
    live = sys.stdout.isatty()

    def tell(line):
        if live:
            print(f"\r\x1b[K{line}", end="", flush=True)
        elif int(line.split()[0]) % 10 == 0:
            print(line, flush=True)

    print(f"{chosen.kills} kills, seed {seed}", flush=True)
    try:
        done = torture(chosen.kills, seed, tell)
    except AssertionError as broken:
        print(f"\nFAILED: {broken}", file=sys.stderr)
        return 1
    print(f"{chr(13) if live else ''}{done.kills} kills over {done.executions} executions in {done.seconds:.0f} s: "
          f"{done.steps} steps, each recorded once; {done.repeated_calls} calls were made again, no effect happened twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
