-- The oldest that may be forgotten: ids begin with the time. A retry keeps what it descends from until it has ended.
-- name: old_execution
WITH RECURSIVE needed (id) AS (
    SELECT retry_of FROM orchestrator_executions WHERE status IN ('pending', 'running') AND retry_of IS NOT NULL
    UNION
    SELECT e.retry_of FROM needed JOIN orchestrator_executions e ON e.id = needed.id WHERE e.retry_of IS NOT NULL
)
SELECT id, first_log_id, last_log_id FROM orchestrator_executions
WHERE id < ?2 AND created_at < ?1 AND status <> 'pending' AND status <> 'running' AND id NOT IN (SELECT id FROM needed)
ORDER BY id LIMIT 1;

-- From here on nobody is shown what is left of it.
-- name: hide_execution
UPDATE orchestrator_executions SET is_forgotten = 1 WHERE id = ?1 AND is_forgotten = 0;

-- Of one execution, so many runs with their results.
-- name: forget_results
DELETE FROM orchestrator_step_results WHERE tenant_run_id IN (
    SELECT id FROM orchestrator_tenant_runs WHERE execution_id = ?1 ORDER BY id LIMIT ?2);

-- name: forget_runs
DELETE FROM orchestrator_tenant_runs WHERE id IN (
    SELECT id FROM orchestrator_tenant_runs WHERE execution_id = ?1 ORDER BY id LIMIT ?2);

-- Between two lines: those of others are passed over, and not looked at again.
-- name: forget_logs
DELETE FROM orchestrator_execution_logs WHERE id BETWEEN ?2 AND ?3 AND execution_id = ?1;

-- name: note_first_log
UPDATE orchestrator_executions SET first_log_id = ?2 WHERE id = ?1;

-- name: forget_retries
UPDATE orchestrator_executions SET retry_of = NULL WHERE retry_of = ?1;

-- Its counts go with it.
-- name: forget_execution
DELETE FROM orchestrator_executions WHERE id = ?1;

-- The rest: so many of what is older than ?1.
-- Two days later than the rest: what nobody can make up for any more, on whatever clock its day was.
-- name: forget_occurrences
DELETE FROM orchestrator_schedule_occurrences WHERE (workflow_id, scheduled_for) IN (
    SELECT workflow_id, scheduled_for FROM orchestrator_schedule_occurrences WHERE decided_at < ?1 - 172800000
    ORDER BY decided_at LIMIT ?2);

-- A version holds until the next one.
-- name: forget_versions
DELETE FROM orchestrator_schedule_versions WHERE (workflow_id, schedule_version) IN (
    SELECT workflow_id, schedule_version FROM orchestrator_schedule_versions v WHERE EXISTS (
        SELECT 1 FROM orchestrator_schedule_versions later WHERE later.workflow_id = v.workflow_id
            AND later.schedule_version > v.schedule_version AND later.changed_at < ?1)
    LIMIT ?2);

-- name: forget_backfill_occurrences
DELETE FROM orchestrator_backfill_occurrences WHERE (backfill_id, scheduled_for) IN (
    SELECT backfill_id, scheduled_for FROM orchestrator_backfills b
        JOIN orchestrator_backfill_occurrences o ON o.backfill_id = b.id
    WHERE b.done_at < ?1 LIMIT ?2);

-- name: forget_backfills
DELETE FROM orchestrator_backfills WHERE id IN (
    SELECT id FROM orchestrator_backfills b WHERE done_at < ?1
        AND NOT EXISTS (SELECT 1 FROM orchestrator_backfill_occurrences WHERE backfill_id = b.id) LIMIT ?2);

-- Those that no execution has, but for the newest of a workflow, which the next one runs.
-- name: forget_definitions
DELETE FROM orchestrator_definitions WHERE id IN (
    SELECT id FROM orchestrator_definitions d
    WHERE NOT EXISTS (SELECT 1 FROM orchestrator_executions WHERE definition_id = d.id)
        AND id < (SELECT max(id) FROM orchestrator_definitions newer WHERE newer.workflow_id = d.workflow_id)
        AND ?1 IS NOT NULL
    ORDER BY id LIMIT ?2);
