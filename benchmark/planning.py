"""How soon an execution is planned: 100,000 tenants at once, and 1,000 workflows of one tenant each that start in one
second over a directory of 10,000.

Prints a line for each measurement and ends with one JSON document. On SQLite; on PostgreSQL when TEST_DATABASE_URL names
a server: tests/with_servers postgresql -- benchmark/run planning.
"""

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import production
import stub
from daily import summary

SIMULATOR = pathlib.Path(os.environ.get("SIMULATOR_BIN", stub.ROOT / "build/release/platform_simulator/platform_simulator"))


@contextlib.contextmanager
def platform(folder, tenants, *faults):
    """Its URL. The simulator, as it can tell of any number of tenants."""
    folder.mkdir(parents=True)
    ready = folder / "ready"
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([SIMULATOR, "--port", "0", "--tenants", str(tenants), "--ready-file", ready], stdout=log,
                                   stderr=log)
    try:
        stub.wait_until("the simulator", 30, lambda: ready.exists() and ready.read_text().endswith("\n"))
        url = ready.read_text().strip()
        request = urllib.request.Request(url + "/_simulator/faults", json.dumps({"rules": faults}).encode(), method="PUT")
        urllib.request.urlopen(request).close()
        yield url
    finally:
        stub.stop(process)


@contextlib.contextmanager
def orchestrator(folder, url, calls=64):
    """On a store of its own."""
    with contextlib.ExitStack() as stack:
        settings = {}
        if production.DATABASE:
            settings["DATABASE_URL"] = stack.enter_context(production.Database()).url
        started = stub.Orchestrator(folder, url, calls, **settings)
        stack.callback(started.stop)
        yield started


def one_step(name="one_step"):
    return {"workflow_name": name, "steps": [{"name": "only", "service": "forecasting", "path": "/api/v1/forecasting/generate",
                                              "body": {"tenant_id": "{{tenant.id}}"}}]}


def plan_many(folder, runs, tenants):
    """Seconds until all are planned. The service does not answer meanwhile, so that nothing else takes time."""
    times, memory = [], []
    with platform(folder / "platform", tenants, {"kind": "hang", "route": "generate_forecasts"}) as url:
        for i in range(runs):
            with orchestrator(folder / f"many_{i}", url) as started:
                started.ask("POST", "/workflows", one_step())
                begin = time.monotonic()
                execution = started.ask("POST", "/workflows/one_step/execute")
                while not execution["planning_complete"]:
                    time.sleep(0.02)
                    execution = started.ask("GET", f"/executions/{execution['id']}")
                times.append(time.monotonic() - begin)
                assert execution["planned_to_end"] and execution["tenants"]["total"] == tenants, execution
                memory.append(started.peak_memory_mib())
                started.ask("POST", f"/executions/{execution['id']}/cancel")
            print(f"  {tenants} tenants planned in {times[-1]:.2f} s, {memory[-1]:.0f} MiB", flush=True)
    return {"seconds": summary(times), "peak_memory_mib": summary(memory)}


def start_one(connection, name, tenant):
    connection.request("POST", f"/api/v1/orchestrator/workflows/{name}/execute", json.dumps({"tenant_ids": [tenant]}),
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = json.load(answer)
    assert answer.status == 202, body
    return body["id"]


def start_share(base, share):
    where = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    return [start_one(connection, name, tenant) for name, tenant in share]


def many_workflows(folder, runs, workflows, tenants, starters=8):
    """Seconds from the first start to the end of the last execution."""
    opened, ended = [], []
    with platform(folder / "platform", tenants) as url:
        with urllib.request.urlopen(f"{url}/api/v1/tenants?status=active&limit={workflows}") as answer:
            wanted = [(f"workflow_{i}", each["id"]) for i, each in enumerate(json.load(answer)["tenants"])]
        for i in range(runs):
            with orchestrator(folder / f"workflows_{i}", url) as started:
                for name, _ in wanted:
                    started.ask("POST", "/workflows", one_step(name))
                begin = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(starters) as pool:
                    list(pool.map(lambda share: start_share(started.base, share),
                                  [wanted[j::starters] for j in range(starters)]))
                opened.append(time.monotonic() - begin)
                while count(started, "pending") or count(started, "running"):
                    time.sleep(0.05)
                ended.append(time.monotonic() - begin)
                assert not count(started, "partial") and not count(started, "failed")
            print(f"  {workflows} executions started in {opened[-1]:.2f} s, all ended after {ended[-1]:.2f} s", flush=True)
    return {"started_seconds": summary(opened), "ended_seconds": summary(ended)}


def count(started, status):
    return len(started.ask("GET", f"/executions?status={status}&limit=1")["executions"])


def main():
    parser = argparse.ArgumentParser(prog="bench planning", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["many", "workflows"])
    parser.add_argument("--tenants", type=int, default=100_000)
    parser.add_argument("--workflows", type=int, default=1_000)
    parser.add_argument("--keep", action="store_true", help="keep the databases and logs")
    options = parser.parse_args()
    if not stub.ORCHESTRATOR.exists():
        sys.exit(f"bench: {stub.ORCHESTRATOR} does not exist; run ./dev build release")
    folder = stub.scratch()
    result = {"store": "postgresql" if production.DATABASE else "sqlite", "cores": os.cpu_count()}
    try:
        if options.only in (None, "many"):
            result["tenants_planned"] = plan_many(folder / "many", options.runs, options.tenants)
        if options.only in (None, "workflows"):
            result["workflows_of_one_tenant"] = many_workflows(folder / "workflows", options.runs, options.workflows, 10_000)
    finally:
        if options.keep:
            print(f"kept in {folder}")
        else:
            stub.discard(folder)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
