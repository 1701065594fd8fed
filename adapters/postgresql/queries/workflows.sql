-- name: list
SELECT id, workflow_name, workflow_type, description, is_enabled, max_execution_time_seconds, max_retries,
       retry_delay_seconds, steps, last_execution_at, last_success_at, last_failure_at, consecutive_failures,
       created_at, updated_at, cron_expression, timezone, schedule, schedule_version, decided_until, next_execution_at,
       schedule_problem
FROM orchestrator_workflows WHERE deleted_at IS NULL ORDER BY workflow_name;

-- name: find
SELECT id, workflow_name, workflow_type, description, is_enabled, max_execution_time_seconds, max_retries,
       retry_delay_seconds, steps, last_execution_at, last_success_at, last_failure_at, consecutive_failures,
       created_at, updated_at, cron_expression, timezone, schedule, schedule_version, decided_until, next_execution_at,
       schedule_problem
FROM orchestrator_workflows WHERE id = $1 AND deleted_at IS NULL;

-- name: find_by_name
SELECT id, workflow_name, workflow_type, description, is_enabled, max_execution_time_seconds, max_retries,
       retry_delay_seconds, steps, last_execution_at, last_success_at, last_failure_at, consecutive_failures,
       created_at, updated_at, cron_expression, timezone, schedule, schedule_version, decided_until, next_execution_at,
       schedule_problem
FROM orchestrator_workflows WHERE workflow_name = $1 AND deleted_at IS NULL;

-- name: knows_name
SELECT 1 FROM orchestrator_workflows WHERE workflow_name = $1 LIMIT 1;

-- name: insert
INSERT INTO orchestrator_workflows (id, workflow_name, workflow_type, description, is_enabled,
    max_execution_time_seconds, max_retries, retry_delay_seconds, steps, updated_at, cron_expression, timezone, schedule,
    created_at, decided_until, schedule_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10, $11, $12, $13::json, $14, $14, 1);

-- name: replace
UPDATE orchestrator_workflows SET workflow_name = $2, workflow_type = $3, description = $4, is_enabled = $5,
    max_execution_time_seconds = $6, max_retries = $7, retry_delay_seconds = $8, steps = $9::json, updated_at = $10,
    cron_expression = $11, timezone = $12, schedule = $13::json
WHERE id = $1 AND deleted_at IS NULL;

-- name: schedule_of
SELECT cron_expression, timezone, schedule, is_enabled FROM orchestrator_workflows WHERE id = $1 FOR UPDATE;

-- A new schedule decides about times to come and makes up for none that passed.
-- name: restart_schedule
UPDATE orchestrator_workflows SET schedule_version = schedule_version + 1, decided_until = $2, next_execution_at = NULL,
    schedule_problem = ''
WHERE id = $1;

-- name: note_schedule_version
INSERT INTO orchestrator_schedule_versions (workflow_id, schedule_version, schedule, changed_at)
SELECT id, schedule_version, $2::json, $3 FROM orchestrator_workflows WHERE id = $1;

-- name: enable
UPDATE orchestrator_workflows SET is_enabled = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL;

-- name: delete
UPDATE orchestrator_workflows SET deleted_at = $2, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL;

-- name: restore
UPDATE orchestrator_workflows SET deleted_at = NULL, updated_at = $2 WHERE id = $1 AND deleted_at IS NOT NULL;

-- name: note_end
UPDATE orchestrator_workflows SET last_execution_at = $2,
    last_success_at = CASE $3 WHEN 'completed' THEN $2 ELSE last_success_at END,
    last_failure_at = CASE $3 WHEN 'failed' THEN $2 WHEN 'partial' THEN $2 ELSE last_failure_at END,
    consecutive_failures = CASE $3 WHEN 'completed' THEN 0 WHEN 'failed' THEN consecutive_failures + 1
                                   WHEN 'partial' THEN consecutive_failures + 1 ELSE consecutive_failures END
WHERE id = $1;
