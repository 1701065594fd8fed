-- name: old_executions
SELECT id, first_log_id, last_log_id FROM orchestrator_executions
WHERE created_at < ?1 AND status <> 'pending' AND status <> 'running' ORDER BY id LIMIT ?2;

-- name: forget_results
DELETE FROM orchestrator_step_results
WHERE tenant_run_id IN (SELECT id FROM orchestrator_tenant_runs WHERE execution_id = ?1);

-- name: forget_logs
DELETE FROM orchestrator_execution_logs WHERE id BETWEEN ?2 AND ?3 AND execution_id = ?1;

-- name: forget_retries
UPDATE orchestrator_executions SET retry_of = NULL WHERE retry_of = ?1;

-- Its runs and counts go with it.
-- name: forget_execution
DELETE FROM orchestrator_executions WHERE id = ?1;
