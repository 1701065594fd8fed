"""After an outage thousands of parked runs fall due at once: instances work them off together, and ask the database no more
than the work takes."""

import time
import unittest

from cluster import ClusterTest
from harness import step, wait_until

TENANTS = 3_000
SLOW = {"kind": "latency", "route": "generate_forecasts", "distribution": "constant", "delay_ms": 60_000}
# Claims, commits, and what the instances ask all the time: 330 of two instances. Polling came to 3,700 and more.
TRANSACTIONS = TENANTS / 2


class ParkedRuns(ClusterTest):
    def park_all(self, cluster, seconds):
        """An execution all of whose runs have failed one attempt and are parked for so long; no instance is left."""
        planner = cluster.any()
        answer = planner.api("POST", "/workflows", {"workflow_name": "after_an_outage", "steps": [step("forecast")]})
        self.assertEqual(answer.status, 201, answer)
        id = planner.execute("after_an_outage")
        wait_until(lambda: cluster.database.number(
            f"SELECT count(*) FROM orchestrator_executions WHERE id = '{id}' AND planning_complete"), "it is planned")
        self.assertEqual(planner.execution(id)["tenants"]["total"], TENANTS)
        cluster.remove(planner)
        cluster.simulator.set_faults()
        due_ms = int((time.time() + seconds) * 1_000)
        wait = f'[{{"step": 0, "attempts": 1, "retry_at": {due_ms}, "started_at": {due_ms}}}]'
        cluster.database.query(
            f"UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL, claim_token = claim_token + 1, "
            f"turn = NULL, not_before = to_timestamp({due_ms} / 1000.0), waits = '{wait}'",
            "DELETE FROM orchestrator_instances")
        return id, due_ms / 1_000

    def transactions(self, cluster):
        time.sleep(1.5)  # sessions tell of what they did once a second
        return cluster.database.number(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")

    def work_off(self, instances):
        """How many transactions it took from the moment at which they were due, and who did how many."""
        cluster = self.cluster(1, TENANTS, SLOW)
        id, due = self.park_all(cluster, 15)
        for _ in range(instances):
            cluster.add()
        cluster.wait_for_all()
        time.sleep(max(0, due - 2 - time.time()))
        before = self.transactions(cluster)
        time.sleep(max(0, due - time.time()))
        shown = cluster.wait_for_end(id)
        self.assertEqual(shown["status"], "completed", shown)
        transactions = self.transactions(cluster) - before
        return transactions, cluster.workers_of(id)

    def test_one_instance_asks_for_no_more_than_the_work_takes(self):
        transactions, _ = self.work_off(1)
        self.assertLess(transactions, TRANSACTIONS)

    def test_two_instances_share_them_without_polling(self):
        transactions, workers = self.work_off(2)
        self.assertLess(transactions, TRANSACTIONS)
        self.assertGreater(min(workers.values()), TENANTS / 10, workers)
        self.assertEqual(len(workers), 2, workers)


if __name__ == "__main__":
    unittest.main()
