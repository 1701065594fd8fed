"""A database in which something is missing: the work waits until it is mended, nothing is called again and again, and
the health says what is wrong."""

from cluster import ClusterTest
from harness import wait_until

TELLS_WITHIN = 10
SLOW = {"kind": "latency", "route": "*", "distribution": "uniform", "min_ms": 100, "max_ms": 200}
FEW_CALLS = {"ORCHESTRATOR_MAX_CALLS": 16}


class WhatIsMissing(ClusterTest):
    def told(self, cluster, text):
        health = cluster.health(cluster.any())
        whole = [health["store"].get("problem") or "", *(each["message"] for each in health["problems"])]
        return health["status"] != "healthy" and any(text in each for each in whole)

    def check_missing(self, table):
        cluster = self.cluster(1, 40, SLOW, **FEW_CALLS)
        cluster.wait_for_all()
        id = cluster.any().execute()
        cluster.wait_for_steps(id, 40)
        cluster.database.query(
            f"ALTER TABLE {table} RENAME TO elsewhere",
            # What is prepared goes on with a table of another name.
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{cluster.database.name}' "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
        wait_until(lambda: self.told(cluster, table), f"the health names {table}", TELLS_WITHIN)
        cluster.database.query(f"ALTER TABLE elsewhere RENAME TO {table}")
        cluster.wait_for_end(id)
        cluster.check(id)
        wait_until(lambda: cluster.health(cluster.any())["status"] == "healthy", "the health is well again", 30)

    def test_tenant_runs(self):
        self.check_missing("orchestrator_tenant_runs")

    def test_step_results(self):
        self.check_missing("orchestrator_step_results")

    def test_execution_logs(self):
        self.check_missing("orchestrator_execution_logs")

    def test_executions(self):
        self.check_missing("orchestrator_executions")

    def test_outbox(self):
        self.check_missing("orchestrator_outbox")

    def test_workflows(self):
        self.check_missing("orchestrator_workflows")

    def test_leader(self):
        self.check_missing("orchestrator_leader")
