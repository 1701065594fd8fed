-- name: find
SELECT * FROM orchestrator_executions_read WHERE id = ?1;

-- name: find_by_key
SELECT id FROM orchestrator_executions WHERE workflow_id = ?1 AND idempotency_key = ?2;

-- name: insert
INSERT INTO orchestrator_executions (id, workflow_id, workflow_name, execution_type, retry_of, idempotency_key,
    tenant_filter, status, created_at, deadline_at, executed_by_instance, scheduled_for, is_backfill, tenant_groups,
    definition_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', ?8, ?9, ?10, ?11, ?12, ?13, ?14);

-- name: find_definition
SELECT id FROM orchestrator_definitions WHERE workflow_id = ?1 AND definition = ?2 ORDER BY id DESC LIMIT 1;

-- name: insert_definition
INSERT INTO orchestrator_definitions (workflow_id, definition) VALUES (?1, ?2);

-- name: open
SELECT * FROM orchestrator_executions_read
WHERE status IN ('pending', 'running') ORDER BY id;

-- name: list
SELECT * FROM orchestrator_executions_read
WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR workflow_id = ?2) AND (?3 IS NULL OR workflow_name = ?3)
  AND (?4 = 0 OR status IN ('failed', 'partial')) AND (?5 IS NULL OR id < ?5)
  AND ?7 IS NULL
ORDER BY id DESC LIMIT ?6;

-- name: list_retries
SELECT * FROM orchestrator_executions_read
WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR workflow_id = ?2) AND (?3 IS NULL OR workflow_name = ?3)
  AND (?4 = 0 OR status IN ('failed', 'partial')) AND (?5 IS NULL OR id < ?5)
  AND retry_of = ?7
ORDER BY id DESC LIMIT ?6;

-- name: add_totals
UPDATE orchestrator_executions SET tenants_total = tenants_total + ?2, steps_total = steps_total + ?3,
    status = 'running', started_at = coalesce(started_at, ?4)
WHERE id = ?1 AND status IN ('pending', 'running');

-- name: note_planning_problem
UPDATE orchestrator_executions SET error_message = ?2 WHERE id = ?1 AND planning_complete = 0;

-- name: complete_planning
UPDATE orchestrator_executions SET planning_complete = 1, planned_to_end = ?2, error_message = ?3,
    started_at = coalesce(started_at, ?4)
WHERE id = ?1 AND planning_complete = 0;

-- name: not_planned
SELECT id FROM orchestrator_executions
WHERE planning_complete = 0 AND status IN ('pending', 'running')
  AND (planned_by = ?1 OR planned_by NOT IN (SELECT instance_id FROM orchestrator_instances))
  AND EXISTS (SELECT 1 FROM orchestrator_instances WHERE instance_id = ?1)
ORDER BY id;

-- name: plan
UPDATE orchestrator_executions SET planned_by = ?2 WHERE id = ?1;

-- name: leave_planning
UPDATE orchestrator_executions SET planned_by = '', error_message = ?3
WHERE id = ?1 AND planned_by = ?2 AND planning_complete = 0;

-- name: request_cancel
UPDATE orchestrator_executions SET cancel_requested = 1, cancel_requested_at = coalesce(cancel_requested_at, ?2)
WHERE id = ?1 AND status IN ('pending', 'running');

-- name: finish
UPDATE orchestrator_executions SET status = ?2, completed_at = ?3, duration_seconds = (?3 - started_at) / 1000,
    result_summary = ?4
WHERE id = ?1 AND status IN ('pending', 'running');

-- name: add_counts
UPDATE orchestrator_executions SET
    tenants_completed = tenants_completed + ?2, tenants_partial = tenants_partial + ?3,
    tenants_failed = tenants_failed + ?4, tenants_cancelled = tenants_cancelled + ?5,
    steps_completed = steps_completed + ?6, steps_failed = steps_failed + ?7, steps_skipped = steps_skipped + ?8,
    retries = retries + ?9, first_log_id = coalesce(first_log_id, ?10), last_log_id = coalesce(?11, last_log_id)
WHERE id = ?1
RETURNING planning_complete = 1
    AND tenants_completed + tenants_partial + tenants_failed + tenants_cancelled = tenants_total;

-- name: add_step_counts
INSERT INTO orchestrator_step_counts (execution_id, step_index, completed, failed, skipped, retries)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET completed = completed + excluded.completed, failed = failed + excluded.failed,
    skipped = skipped + excluded.skipped, retries = retries + excluded.retries;

-- name: add_latency
INSERT INTO orchestrator_step_latencies (execution_id, step_index, bucket, count) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: step_counts
SELECT step_index, completed, failed, skipped, retries FROM orchestrator_step_counts
WHERE execution_id = ?1 ORDER BY step_index;

-- name: latencies
SELECT step_index, bucket, count FROM orchestrator_step_latencies WHERE execution_id = ?1;

-- name: carried_per_step
SELECT step_index, count(*) FROM orchestrator_step_results JOIN orchestrator_tenant_runs r ON r.id = tenant_run_id
WHERE r.execution_id = ?1 AND carried_over = 1 GROUP BY step_index;

-- name: last_log
SELECT max(id) FROM orchestrator_execution_logs;

-- name: insert_log
INSERT INTO orchestrator_execution_logs (execution_id, id, tenant_id, step_name, step_index, log_level, log_message,
    log_data, logged_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: log_range
SELECT first_log_id, last_log_id FROM orchestrator_executions WHERE id = ?1;

-- name: logs
SELECT id, tenant_id, step_name, step_index, log_level, log_message, log_data, logged_at
FROM orchestrator_execution_logs NOT INDEXED
WHERE execution_id = ?1 AND id > ?2 AND id <= ?7 AND (?3 IS NULL OR tenant_id = ?3) AND (?4 IS NULL OR step_name = ?4)
  AND (?5 = 'info' OR log_level = 'error' OR log_level = ?5)
ORDER BY id LIMIT ?6;
