-- name: partitions
SELECT child.relname::text FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent IN ('orchestrator_step_results'::regclass, 'orchestrator_execution_logs'::regclass);

-- name: old_executions
SELECT id FROM orchestrator_executions
WHERE created_at < $1 AND status NOT IN ('pending', 'running') ORDER BY id LIMIT $2;

-- name: oldest_execution
SELECT id FROM orchestrator_executions ORDER BY id LIMIT 1;

-- What lies in a partition of its day goes with the partition.
-- name: forget_results
DELETE FROM orchestrator_step_results_other WHERE execution_id = $1;

-- name: forget_logs
DELETE FROM orchestrator_execution_logs_other WHERE execution_id = $1;

-- Some of them: all of a large execution in one statement would take longer than a statement may.
-- name: forget_runs
DELETE FROM orchestrator_tenant_runs WHERE execution_id = $1 AND id <= (SELECT max(id) FROM (
    SELECT id FROM orchestrator_tenant_runs WHERE execution_id = $1 ORDER BY id LIMIT $2) AS first);

-- name: forget_step_counts
DELETE FROM orchestrator_step_counts WHERE execution_id = $1;

-- name: forget_step_latencies
DELETE FROM orchestrator_step_latencies WHERE execution_id = $1;

-- name: forget_execution
DELETE FROM orchestrator_executions WHERE id = $1;
