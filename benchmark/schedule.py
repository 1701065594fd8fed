"""Schedules: how long the next firing takes to find, against croner and APScheduler; what 10,000 armed schedules cost while
nothing is due; how long until 10,000 that are due in one second are durably open; how late a single tick is, against a bare
timerfd. Ends with one JSON document. CRONER: the folder whose node_modules has croner; without it that peer is left out.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import stub

PROGRAM = pathlib.Path(os.environ.get("SCHEDULE_BENCHMARK_BIN", stub.ROOT / "build/release/benchmark/schedule_benchmark"))
HERE = pathlib.Path(__file__).resolve().parent
# Of the kinds that are measured from within, and how often a peer is asked: some take long.
PEER_QUESTIONS = {"daily": ("30 8 * * *", 3_000), "hourly": ("30 * * * *", 3_000), "weekly": ("0 9 * * 1", 1_000),
                  "leap_day": ("0 9 29 2 *", 30)}
LIMITS = {"daily": 250, "hourly": 250, "leap_day": 500}  # ns


def peer(command, folder):
    questions = "".join(f"{name}\t{expression}\t{calls}\n" for name, (expression, calls) in PEER_QUESTIONS.items())
    done = subprocess.run(command, input=questions, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def peers(folder):
    found = {"apscheduler": peer(["/usr/bin/python3", HERE / "apscheduler_peer.py"], folder)}
    if croner := os.environ.get("CRONER"):
        # Imports are looked for beside the file.
        script = pathlib.Path(croner) / "croner_peer.mjs"
        shutil.copy(HERE / "croner_peer.mjs", script)
        found["croner"] = peer(["node", script], folder)
    else:
        print("  croner is not there: left out")
    return found


def report(ours, theirs):
    firing = ours["next_firing"]
    for name in ("daily", "hourly", "every_five_minutes", "weekly", "monthly", "last_of_month", "leap_day"):
        limit = f", limit {LIMITS[name]} ns" if name in LIMITS else ""
        against = "".join(f", {who} {times[name] / firing[name]['median_ns']:.0f} times as long"
                          for who, times in theirs.items() if name in times)
        print(f"  {name:20} {firing[name]['median_ns']:7.0f} ns{limit}{against}")
    idle, due, late = ours["idle"], ours["stampede"], ours["lateness"]
    print(f"  {idle['schedules']} armed, idle {idle['seconds']:.0f} s: {idle['percent_of_a_core']:.3f} % of a core, "
          f"{idle['store_queries_beside_the_heartbeat']} store queries beside {idle['heartbeats']} heartbeats")
    print(f"  {due['schedules']} due in one second: durably open after {due['median_ms']:.0f} ms (at most {due['max_ms']:.0f})")
    print(f"  {late['ticks']} ticks: p99 {late['ours_p99_us']:.0f} us, of a timerfd {late['timerfd_p99_us']:.0f} us, "
          f"ratio {late['p99_ratio']:.2f}")


def main():
    parser = argparse.ArgumentParser(prog="bench schedule", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not PROGRAM.exists():
        sys.exit(f"bench: {PROGRAM} does not exist; run ./dev bench schedule")
    folder = stub.scratch()
    runs = []
    try:
        for i in range(options.runs):
            print(f"run {i + 1} of {options.runs}")
            scratch = pathlib.Path(folder) / f"run_{i}"
            scratch.mkdir()
            done = subprocess.run([PROGRAM, stub.ROOT / "calendars", scratch], stdout=subprocess.PIPE, text=True, check=True)
            runs.append((json.loads(done.stdout), peers(scratch)))
            report(*runs[-1])
    finally:
        stub.discard(folder)

    def medians(values):
        """Of all runs, figure by figure."""
        if isinstance(values[0], dict):
            return {name: medians([each[name] for each in values]) for name in values[0]}
        return round(statistics.median(values), 3)

    ours, theirs = medians([each[0] for each in runs]), medians([each[1] for each in runs])
    firing = ours["next_firing"]
    ratios = {who: {name: round(times[name] / firing[name]["median_ns"], 1) for name in times} for who, times in theirs.items()}
    print(json.dumps({"runs": options.runs, "cores": os.cpu_count(), **ours, "peers_median_ns": theirs, "peers_ratio": ratios},
                     indent=2))


if __name__ == "__main__":
    main()
