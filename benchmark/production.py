"""The daily run on real PostgreSQL, Redis and RabbitMQ servers, which write to the disk as in production: steps per second
as a ratio to wrk, what the journal and the events cost, two instances against one, the time after a crash, and how soon
another instance leads.

Prints a line for each measurement and ends with one JSON document; every figure is the median of the runs, with the
lowest and the highest. After each run the database is asked: every (execution, tenant, step) once, none missing.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import uuid

import stub
from daily import STEPS, summary

DATABASE = os.environ.get("TEST_DATABASE_URL", "")


def psql(url, sql):
    return subprocess.run(["psql", "-XqtA", "-v", "ON_ERROR_STOP=1", url], input=sql, check=True, capture_output=True,
                          text=True).stdout.strip()


class Database:
    """One of its own, gone at the end."""

    def __enter__(self):
        self.server, self.name = DATABASE.rsplit("/", 1)[0], "bench_" + uuid.uuid4().hex[:12]
        self.url = f"{self.server}/{self.name}"
        psql(f"{self.server}/postgres", f"CREATE DATABASE {self.name}")
        return self

    def __exit__(self, *_):
        psql(f"{self.server}/postgres", f"DROP DATABASE {self.name} WITH (FORCE)")
        psql(f"{self.server}/postgres", "CHECKPOINT")

    def check(self, tenants):
        outcomes = psql(self.url, "SELECT count(*) || ' ' || count(DISTINCT (tenant_run_id, step_index)) "
                                  "FROM orchestrator_step_results WHERE status = 'completed'")
        assert outcomes == f"{tenants * STEPS} {tenants * STEPS}", outcomes


def finish(orchestrators, tenants):
    """Runs one execution over all of them; its seconds."""
    orchestrators[0].ask("POST", "/workflows", stub.chain_of_six())
    execution = orchestrators[0].run("chain_of_six")
    assert execution["status"] == "completed", execution
    return execution["duration_ms"] / 1000


def one_run(folder, nginx, tenants, instances=1, calls=64, **settings):
    """Seconds, and the peak memory of the largest instance in MiB."""
    with Database() as database:
        started = []
        try:
            for i in range(instances):
                started.append(stub.Orchestrator(f"{folder}_{i}", nginx.url, calls // instances,
                                                 DATABASE_URL=database.url, ORCHESTRATOR_INSTANCE_ID=f"bench_{i}",
                                                 ORCHESTRATOR_LEASE_SECONDS=3, **settings))
            if instances > 1:
                time.sleep(1.5)  # each has heard of the others
            seconds = finish(started, tenants)
            memory = max(each.peak_memory_mib() for each in started)
        finally:
            for each in started:
                each.stop()
        database.check(tenants)
    return seconds, memory


def without_journal(folder, nginx, tenants):
    orchestrator = stub.Orchestrator(folder, nginx.url, 64, DATABASE_URL="memory:")
    try:
        return finish([orchestrator], tenants)
    finally:
        orchestrator.stop()


def throughput(folder, runs, tenants):
    nginx = stub.Nginx(folder / f"nginx_{tenants}", tenants)
    found = {name: [] for name in ("steps_per_second", "wrk_requests_per_second", "ratio_to_wrk", "journal_on_to_off",
                                   "events_on_to_off", "two_instances_to_one", "peak_memory_mib")}
    try:
        for i in range(runs):
            yardstick = stub.wrk(folder, nginx.url, 3)
            seconds, memory = one_run(folder / f"run_{i}", nginx, tenants)
            two, _ = one_run(folder / f"two_{i}", nginx, tenants, instances=2)
            bare = without_journal(folder / f"bare_{i}", nginx, tenants)
            events, _ = one_run(folder / f"events_{i}", nginx, tenants, ORCHESTRATOR_SCHEDULER="on",
                                DAILY_WORKFLOW_CRON="0 0 1 1 *", WEEKLY_WORKFLOW_CRON="0 0 1 1 *",
                                RABBITMQ_URL=os.environ["TEST_RABBITMQ_URL"])
            rate = tenants * STEPS / seconds
            for name, value in zip(found, (rate, yardstick, rate / yardstick, bare / seconds, seconds / events,
                                           seconds / two, memory)):
                found[name].append(value)
            print(f"  {rate:9.0f} steps/s, wrk {yardstick:9.0f} requests/s, ratio {rate / yardstick:.3f}; journal on/off "
                  f"{bare / seconds:.2f}, events on/off {seconds / events:.2f}, two instances/one {seconds / two:.2f}, "
                  f"{memory:.1f} MiB", flush=True)
    finally:
        nginx.stop()
    return {name: summary(values) for name, values in found.items()}


def leaders(folder, rounds, how, ttl=1.0):
    """Milliseconds from the signal to the next leader's first write in the database."""
    nginx = stub.Nginx(folder / f"nginx_{how.name}", 1)
    times = []
    with Database() as database:
        started, instances = 0, []

        def add():
            nonlocal started
            started += 1
            instances.append(stub.Orchestrator(
                folder / f"{how.name}_{started}", nginx.url, 8, DATABASE_URL=database.url, ORCHESTRATOR_SCHEDULER="on",
                REDIS_URL=os.environ["TEST_REDIS_URL"], DAILY_WORKFLOW_CRON="0 0 1 1 *", WEEKLY_WORKFLOW_CRON="0 0 1 1 *",
                ORCHESTRATOR_INSTANCE_ID=f"bench_{started}", LEADER_LOCK_TTL_SECONDS=ttl,
                LEADER_HEARTBEAT_SECONDS=ttl / 4))

        def leader():
            return next((each for each in instances if each.ask("GET", "/health")["leads"]), None)

        try:
            for _ in range(3):
                add()
            for _ in range(rounds):
                stub.wait_until("a leader", 10, lambda: leader() is not None)
                time.sleep(ttl / 2)
                dying = leader()
                instances.remove(dying)
                began = time.time()
                dying.process.send_signal(how)
                stub.wait_until("the next leader", 10, lambda: leader() is not None)
                at = float(psql(database.url, "SELECT extract(epoch FROM became_leader_at) FROM orchestrator_leader"))
                times.append((at - began) * 1000)
                dying.process.wait()
                add()
        finally:
            for each in instances:
                each.stop()
            nginx.stop()
    ordered = sorted(times)
    found = {"median": round(statistics.median(times), 1), "p99": round(ordered[int(len(ordered) * 0.99)], 1),
             "max": round(ordered[-1], 1), "rounds": rounds}
    print(f"  {how.name}: median {found['median']} ms, largest of {rounds} {found['max']} ms", flush=True)
    return found


def statement(name):
    """One of the store's own, by its name."""
    text = (stub.ROOT / "adapters/postgresql/queries/tenant_runs.sql").read_text()
    block = re.search(rf"-- name: {name}\n(.*?;)", text, re.S)
    return block.group(1)


def recovery_seconds(url, instance):
    """What a restart has to ask of the database before it can call anything, in psql: its claims back, and the first ones
    anew with what is recorded of them. Nothing of it is kept."""
    began = time.time()
    psql(url, f"""SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; BEGIN;
        PREPARE give_back(text[], uuid) AS {statement("give_back_all")}
        PREPARE claim(text, integer, timestamptz) AS {statement("claim")}
        PREPARE results(uuid[], bigint[]) AS {statement("results")}
        SELECT id AS execution FROM orchestrator_executions WHERE status IN ('pending', 'running') \\gset
        EXECUTE give_back(ARRAY['{instance}'], :'execution');
        EXECUTE claim('{instance}', 128, now());
        SELECT array_agg(execution_id) AS executions, array_agg(id) AS runs FROM orchestrator_tenant_runs
            WHERE claimed_by = '{instance}' AND status = 'running' \\gset
        EXECUTE results(:'executions', :'runs'); ROLLBACK;""")
    return time.time() - began


def crash(folder, runs, tenants):
    """Killed at half of the run: from the restart to the first resumed call, and the whole time against an undisturbed run."""
    nginx = stub.Nginx(folder / "nginx_crash", tenants, logs=True)
    resumed, to_query, whole = [], [], []
    try:
        for i in range(runs):
            undisturbed, _ = one_run(folder / f"calm_{i}", nginx, tenants)
            with Database() as database:
                settings = {"DATABASE_URL": database.url, "ORCHESTRATOR_INSTANCE_ID": "bench"}
                first = stub.Orchestrator(folder / f"crash_{i}", nginx.url, 64, **settings)
                first.ask("POST", "/workflows", stub.chain_of_six())
                began = time.time()
                execution = first.ask("POST", "/workflows/chain_of_six/execute")
                while first.ask("GET", f"/executions/{execution['id']}")["steps_completed"] < tenants * STEPS / 2:
                    time.sleep(0.05)  # a question costs as much as a dozen steps
                first.process.kill()
                first.process.wait()
                died = time.time()
                query = min(recovery_seconds(database.url, "bench") for _ in range(3))
                restarted = time.time()
                second = stub.Orchestrator(folder / f"resume_{i}", nginx.url, 64, **settings)
                try:
                    while second.ask("GET", f"/executions/{execution['id']}")["status"] == "running":
                        time.sleep(0.1)
                    ended = float(psql(database.url, "SELECT extract(epoch FROM completed_at) FROM orchestrator_executions"))
                    whole.append((ended - restarted + died - began) / undisturbed)
                    resumed.append(nginx.first_call_after(restarted) - restarted)
                    to_query.append(resumed[-1] / query)
                finally:
                    second.stop()
                database.check(tenants)
            print(f"  first resumed call {resumed[-1] * 1000:.0f} ms after the restart, {to_query[-1]:.1f} times the bare query "
                  f"in psql; the whole run {whole[-1]:.2f} times as long as an undisturbed one", flush=True)
    finally:
        nginx.stop()
    return {"first_resumed_call_seconds": summary(resumed), "first_resumed_call_to_query": summary(to_query),
            "whole_to_undisturbed": summary(whole)}


def main():
    parser = argparse.ArgumentParser(prog="bench production", description=__doc__.splitlines()[0])
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=20, help="of failovers and handovers")
    parser.add_argument("--only", choices=["throughput", "leaders", "crash", "large"])
    parser.add_argument("--keep", action="store_true", help="keep the logs")
    options = parser.parse_args()
    if not DATABASE:
        sys.exit("bench: TEST_DATABASE_URL is not set; run ./dev bench production")
    folder = stub.scratch()
    wanted = lambda name: options.only in (None, name)
    result = {"tenants": options.tenants, "steps": STEPS, "runs": options.runs, "cores": os.cpu_count()}
    try:
        if wanted("throughput"):
            print(f"{options.tenants} tenants x {STEPS} steps on PostgreSQL, 64 connections, against an instant platform")
            result["throughput"] = throughput(folder, options.runs, options.tenants)
        if wanted("crash"):
            print("kill -9 at half of the run")
            result["crash"] = crash(folder, options.runs, options.tenants)
        if wanted("leaders"):
            print("how soon another instance leads, with a lease of 1 s")
            result["failover_ms"] = leaders(folder, options.rounds, signal.SIGKILL)
            result["handover_ms"] = leaders(folder, options.rounds, signal.SIGTERM)
        if options.only == "large":
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
