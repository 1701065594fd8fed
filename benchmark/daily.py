"""The daily run against an instant platform: steps per second as a ratio to wrk, the run time with a slow platform
against its ideal, peak memory, and one tenant alone against bare calls and commits.

Prints a line for each measurement and ends with one JSON document; every figure is the median of the runs, with the
lowest and the highest. After each run the store is asked: every (execution, tenant, step) once, none missing.
"""

import argparse
import http.client
import json
import os
import pathlib
import sqlite3
import statistics
import sys
import time

import stub

STEPS = 6


def check_store(database, tenants):
    """Exactly one outcome for each (execution, tenant, step)."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        outcomes, distinct = store.execute(
            "SELECT count(*), count(DISTINCT hex(r.execution_id) || hex(r.tenant_id) || s.step_index) "
            "FROM orchestrator_step_results s JOIN orchestrator_tenant_runs r ON r.id = s.tenant_run_id "
            "WHERE s.status = 'completed'").fetchone()
    assert outcomes == distinct == tenants * STEPS, f"{outcomes} outcomes, {distinct} distinct, expected {tenants * STEPS}"


def one_run(folder, nginx, tenants, calls):
    orchestrator = stub.Orchestrator(folder, nginx.url, calls)
    try:
        orchestrator.ask("POST", "/workflows", stub.chain_of_six())
        execution = orchestrator.run("chain_of_six")
        assert execution["status"] == "completed", execution
        memory = orchestrator.peak_memory_mib()
    finally:
        orchestrator.stop()
    check_store(orchestrator.database, tenants)
    return execution["duration_ms"] / 1000, memory


def throughput(folder, runs, tenants):
    """steps/s ÷ wrk's requests/s, each pair right after each other."""
    nginx = stub.Nginx(folder / f"nginx_{tenants}", tenants)
    rates, yardsticks, ratios, memory = [], [], [], []
    try:
        for i in range(runs):
            yardstick = stub.wrk(folder, nginx.url, 3)
            seconds, peak = one_run(folder / f"run_{tenants}_{i}", nginx, tenants, 64)
            rate = tenants * STEPS / seconds
            print(f"  {rate:9.0f} steps/s, wrk {yardstick:9.0f} requests/s, ratio {rate / yardstick:.3f}, {peak:.1f} MiB")
            rates.append(rate), yardsticks.append(yardstick), ratios.append(rate / yardstick), memory.append(peak)
    finally:
        nginx.stop()
    return {"steps_per_second": summary(rates), "wrk_requests_per_second": summary(yardsticks),
            "ratio_to_wrk": summary(ratios), "peak_memory_mib": summary(memory)}


def slow_platform(folder, runs, tenants, delay=0.2, in_flight=1000):
    nginx = stub.Nginx(folder / "nginx_slow", tenants, delay)
    ideal = tenants * STEPS * delay / in_flight
    ratios = []
    try:
        for i in range(runs):
            seconds, _ = one_run(folder / f"slow_{i}", nginx, tenants, in_flight)
            print(f"  {seconds:.2f} s, ideal {ideal:.2f} s, ratio {seconds / ideal:.3f}")
            ratios.append(seconds / ideal)
    finally:
        nginx.stop()
    return {"ratio_to_ideal": summary(ratios), "ideal_seconds": ideal}


def bare_call_seconds(nginx, count=300):
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port)
    body = b'{"tenant_id":"00000001-0000-7000-8000-000000000001","days_ahead":7}'
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        connection.request("POST", "/api/v1/step/0", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def bare_commit_seconds(folder, count=300):
    store = sqlite3.connect(folder / "bare.db", isolation_level=None)
    store.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);")
    times = []
    for i in range(count):
        begin = time.perf_counter()
        store.execute("BEGIN IMMEDIATE")
        store.execute("INSERT INTO t VALUES (?, ?)", (i, "x" * 200))
        store.execute("COMMIT")
        times.append(time.perf_counter() - begin)
    store.close()
    return statistics.median(times)


def one_tenant(folder, runs):
    """From the first step's start to the last one's end, against six bare calls and six bare commits."""
    nginx = stub.Nginx(folder / "nginx_one", 1)
    orchestrator = stub.Orchestrator(folder / "one", nginx.url, 64)
    ratios = []
    try:
        orchestrator.ask("POST", "/workflows", stub.chain_of_six())
        for _ in range(runs):
            ideal = STEPS * (bare_call_seconds(nginx) + bare_commit_seconds(folder))
            (folder / "bare.db").unlink()
            for name in ("bare.db-wal", "bare.db-shm"):
                (folder / name).unlink(missing_ok=True)
            took = []
            for _ in range(20):
                execution = orchestrator.run("chain_of_six", ask_every=0.02)
                run = orchestrator.ask("GET", f"/executions/{execution['id']}/tenants")["tenants"][0]
                took.append(milliseconds(run["completed_at"]) - milliseconds(run["started_at"]))
            seconds = statistics.mean(took) / 1000  # the mean: single ones are whole milliseconds
            print(f"  {seconds * 1000:.2f} ms, six calls and commits {ideal * 1000:.2f} ms, ratio {seconds / ideal:.2f}")
            ratios.append(seconds / ideal)
    finally:
        orchestrator.stop()
        nginx.stop()
    return {"ratio_to_six_calls_and_commits": summary(ratios)}


def milliseconds(text):
    whole, fraction = text.rstrip("Z").split(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000 + int(fraction)


def summary(values):
    return {"median": round(statistics.median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4)}


def main():
    parser = argparse.ArgumentParser(prog="bench daily", description=__doc__.splitlines()[0])
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=["throughput", "slow", "one", "large"])
    parser.add_argument("--keep", action="store_true", help="keep the databases and logs")
    options = parser.parse_args()
    if not stub.ORCHESTRATOR.exists():
        sys.exit(f"bench: {stub.ORCHESTRATOR} does not exist; run ./dev bench, or ./dev build release")

    folder = stub.scratch()
    wanted = lambda name: options.only in (None, name)
    result = {"tenants": options.tenants, "steps": STEPS, "runs": options.runs, "cores": os.cpu_count()}
    try:
        if wanted("throughput"):
            print(f"{options.tenants} tenants x {STEPS} steps, 64 connections, against an instant platform")
            result["instant_platform"] = throughput(folder, options.runs, options.tenants)
        if wanted("slow"):
            print(f"the same with 200 ms delay and 1,000 calls in flight")
            result["slow_platform"] = slow_platform(folder, options.runs, options.tenants)
        if wanted("one"):
            print("one tenant alone")
            result["one_tenant"] = one_tenant(folder, options.runs)
        if wanted("large"):
            print(f"{options.tenants * 10} tenants")
            result["ten_times_the_tenants"] = throughput(folder, 1, options.tenants * 10)
    finally:
        if options.keep:
            print(f"kept in {folder}")
        else:
            stub.discard(folder)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
