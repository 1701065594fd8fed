"""How long anybody waits behind the forgetting of history, its archive, and the recovery of lost claims, with 90 days of 10,000
tenants in the store. On SQLite, and on PostgreSQL when TEST_DATABASE_URL names a server:
tests/with_servers postgresql -- benchmark/run history. Ends with one JSON document.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import production
import stub

PROGRAM = pathlib.Path(os.environ.get("HISTORY_BENCHMARK_BIN", stub.ROOT / "build/release/benchmark/history_benchmark"))
LIMIT = 50  # ms


def measure(days, tenants, kind, where):
    print(f"{kind}: {days} days of {tenants} tenants", flush=True)
    done = subprocess.run([PROGRAM, str(days), str(tenants), kind, where], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: history_benchmark ended with {done.returncode}")
    found = json.loads(done.stdout.splitlines()[-1])
    for what, times in found.items():
        note = "" if times["longest_ms"] <= LIMIT else f"  above {LIMIT} ms"
        print(f"  {what:22s} {times['calls']:6d} calls, the longest {times['longest_ms']:6.1f} ms{note}", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--tenants", type=int, default=10_000)
    chosen = parser.parse_args()
    report = {}
    with tempfile.TemporaryDirectory(prefix="history ") as folder:
        report["sqlite"] = measure(chosen.days, chosen.tenants, "sqlite", os.path.join(folder, "orchestrator.db"))
    if production.DATABASE:
        with production.Database() as database:
            report["postgresql"] = measure(chosen.days, chosen.tenants, "postgresql", database.url)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
