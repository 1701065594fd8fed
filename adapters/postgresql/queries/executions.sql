-- name: find
SELECT * FROM orchestrator_executions_read WHERE id = $1;

-- name: hold
SELECT status FROM orchestrator_executions WHERE id = $1 FOR NO KEY UPDATE;

-- name: find_by_key
SELECT id FROM orchestrator_executions WHERE workflow_id = $1 AND idempotency_key = $2;

-- name: insert
INSERT INTO orchestrator_executions (id, workflow_id, workflow_name, execution_type, retry_of, idempotency_key,
    tenant_filter, created_at, deadline_at, executed_by_instance, scheduled_for, is_backfill, tenant_groups,
    definition_id)
SELECT id, workflow_id, workflow_name, execution_type, retry_of, idempotency_key, tenant_filter::json, created_at,
    deadline_at, executed_by_instance, scheduled_for, is_backfill, tenant_groups, definition_id
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    AS opened (id, workflow_id, workflow_name, execution_type, retry_of, idempotency_key, tenant_filter, created_at,
               deadline_at, executed_by_instance, scheduled_for, is_backfill, tenant_groups, definition_id);

-- The latest one of the same text; NULL: there is none.
-- name: find_definitions
SELECT (SELECT max(id) FROM orchestrator_definitions d WHERE d.workflow_id = wanted.workflow_id
            AND d.definition::text = wanted.definition)
FROM unnest($1, $2) WITH ORDINALITY AS wanted (workflow_id, definition, number) ORDER BY number;

-- In the order of their input, as the identity counts.
-- name: insert_definitions
INSERT INTO orchestrator_definitions (workflow_id, definition)
SELECT workflow_id, definition::json FROM unnest($1, $2) WITH ORDINALITY AS added (workflow_id, definition, number)
ORDER BY number
RETURNING id;

-- name: open
SELECT * FROM orchestrator_executions_read
WHERE status IN ('pending', 'running') ORDER BY id;

-- name: list
SELECT * FROM orchestrator_executions_read
WHERE ($1 IS NULL OR status = $1) AND ($2 IS NULL OR workflow_id = $2) AND ($3 IS NULL OR workflow_name = $3)
  AND (NOT $4 OR status IN ('failed', 'partial')) AND ($5 IS NULL OR id < $5)
  AND ($7 IS NULL OR retry_of = $7)
ORDER BY id DESC LIMIT $6;

-- name: add_totals
UPDATE orchestrator_executions SET tenants_total = tenants_total + $2, steps_total = steps_total + $3,
    status = 'running', started_at = coalesce(started_at, $4), first_run = least(first_run, $5),
    last_run = greatest(last_run, $6)
WHERE id = $1 AND status IN ('pending', 'running');

-- name: note_planning_problem
UPDATE orchestrator_executions SET error_message = $2 WHERE id = $1 AND NOT planning_complete;

-- name: complete_planning
UPDATE orchestrator_executions SET planning_complete = TRUE, planned_to_end = $2, error_message = $3,
    started_at = coalesce(started_at, $4)
WHERE id = $1 AND NOT planning_complete;

-- Nothing without a lease. What another instance is claiming at this moment is left to it. In no order.
-- name: claim_planning
UPDATE orchestrator_executions SET planned_by = $1
WHERE id IN (
    SELECT id FROM orchestrator_executions
    WHERE NOT planning_complete AND status IN ('pending', 'running') AND id <> ALL ($2)
      AND (planned_by = $1 OR NOT EXISTS (SELECT FROM orchestrator_instances WHERE instance_id = planned_by))
      AND EXISTS (SELECT FROM orchestrator_instances WHERE instance_id = $1)
    ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id;

-- name: leave_planning
UPDATE orchestrator_executions SET planned_by = '', error_message = $3
WHERE id = $1 AND planned_by = $2 AND NOT planning_complete;

-- name: request_cancel
UPDATE orchestrator_executions
SET cancel_requested = TRUE, cancel_requested_at = coalesce(cancel_requested_at, least($2, clock_timestamp()))
WHERE id = $1 AND status IN ('pending', 'running') AND (NOT cancel_requested OR cancel_requested_at IS NULL);

-- name: finish
UPDATE orchestrator_executions SET status = $2, completed_at = $3,
    duration_seconds = floor(extract(epoch FROM $3 - started_at)), result_summary = $4::json
WHERE id = $1 AND status IN ('pending', 'running');

-- name: add_counts
UPDATE orchestrator_executions SET
    tenants_completed = tenants_completed + $2, tenants_partial = tenants_partial + $3,
    tenants_failed = tenants_failed + $4, tenants_cancelled = tenants_cancelled + $5,
    steps_completed = steps_completed + $6, steps_failed = steps_failed + $7, steps_skipped = steps_skipped + $8,
    retries = retries + $9, last_log_sequence = last_log_sequence + $10
WHERE id = $1
RETURNING planning_complete
    AND tenants_completed + tenants_partial + tenants_failed + tenants_cancelled = tenants_total;

-- name: drained
SELECT id FROM orchestrator_executions
WHERE id = ANY ($1) AND planning_complete
  AND tenants_completed + tenants_partial + tenants_failed + tenants_cancelled = tenants_total
ORDER BY id;

-- name: add_step_counts
INSERT INTO orchestrator_step_counts AS kept (execution_id, step_index, completed, failed, skipped, retries)
SELECT $1, * FROM unnest($2, $3, $4, $5, $6)
ON CONFLICT (execution_id, step_index) DO UPDATE SET completed = kept.completed + excluded.completed,
    failed = kept.failed + excluded.failed, skipped = kept.skipped + excluded.skipped,
    retries = kept.retries + excluded.retries;

-- name: add_latencies
INSERT INTO orchestrator_step_latencies AS kept (execution_id, step_index, bucket, count)
SELECT $1, * FROM unnest($2, $3, $4)
ON CONFLICT (execution_id, step_index, bucket) DO UPDATE SET count = kept.count + excluded.count;

-- name: step_counts
SELECT step_index, completed, failed, skipped, retries FROM orchestrator_step_counts
WHERE execution_id = $1 ORDER BY step_index;

-- name: latencies
SELECT step_index, bucket, count FROM orchestrator_step_latencies WHERE execution_id = $1;

-- name: carried_per_step
SELECT step_index, count(*) FROM orchestrator_step_results WHERE execution_id = $1 AND carried_over GROUP BY step_index;

-- Behind add_counts in the same transaction: the execution's counter has room for exactly these.
-- name: insert_logs
INSERT INTO orchestrator_execution_logs (id, execution_id, sequence, tenant_id, step_name, step_index, log_level,
    log_message, log_data, logged_at)
SELECT unnest($2), $1, generate_series(last_log_sequence - cardinality($2) + 1, last_log_sequence), unnest($3), unnest($4),
    unnest($5), unnest($6), unnest($7), unnest($8)::json, unnest($9)
FROM orchestrator_executions WHERE id = $1;

-- name: logs
SELECT sequence, tenant_id, step_name, step_index, log_level, log_message, log_data, logged_at
FROM orchestrator_execution_logs
WHERE execution_id = $1 AND sequence > $2 AND ($3 IS NULL OR tenant_id = $3) AND ($4 IS NULL OR step_name = $4)
ORDER BY sequence LIMIT $5;

-- Few among many: they have an index of their own.
-- name: logged_problems
SELECT sequence, tenant_id, step_name, step_index, log_level, log_message, log_data, logged_at
FROM orchestrator_execution_logs
WHERE execution_id = $1 AND log_level <> 'info' AND sequence > $2 AND ($3 IS NULL OR tenant_id = $3)
  AND ($4 IS NULL OR step_name = $4) AND ($6 = 'warning' OR log_level = $6)
ORDER BY sequence LIMIT $5;
