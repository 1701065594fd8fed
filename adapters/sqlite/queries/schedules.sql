-- name: revision
SELECT revision FROM orchestrator_schedule_revision;

-- name: bump_revision
UPDATE orchestrator_schedule_revision SET revision = revision + 1;

-- name: running
SELECT id, tenant_groups FROM orchestrator_executions
WHERE workflow_id = ?1 AND status IN ('pending', 'running') AND scheduled_for IS NOT NULL AND is_backfill = 0;

-- name: is_decided
SELECT 1 FROM orchestrator_schedule_occurrences WHERE workflow_id = ?1 AND scheduled_for = ?2;

-- name: note_occurrence
INSERT INTO orchestrator_schedule_occurrences (workflow_id, scheduled_for, outcome, reason, execution_id, decided_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING;

-- A clock that was wrong has decided beyond ?2. What was started stays.
-- name: heal
UPDATE orchestrator_workflows SET decided_until = NULL
WHERE id = ?1 AND schedule_version = ?3 AND is_enabled = 1 AND deleted_at IS NULL;

-- name: forget_decided
DELETE FROM orchestrator_schedule_occurrences WHERE workflow_id = ?1 AND scheduled_for > ?2 AND outcome <> 'started';

-- name: keep_decision
UPDATE orchestrator_workflows SET decided_until = max(coalesce(decided_until, ?2), ?2), next_execution_at = ?3,
    schedule_problem = ?4
WHERE id = ?1 AND schedule_version = ?5 AND is_enabled = 1 AND deleted_at IS NULL;

-- name: hold_back
UPDATE orchestrator_workflows SET decided_until = ?2, next_execution_at = ?3 WHERE id = ?1;

-- name: list_occurrences
SELECT scheduled_for, outcome, reason, execution_id, decided_at FROM orchestrator_schedule_occurrences
WHERE workflow_id = ?1 AND scheduled_for >= ?2 AND scheduled_for < ?3 ORDER BY scheduled_for LIMIT ?4;

-- name: list_versions
SELECT schedule_version, schedule, changed_at FROM orchestrator_schedule_versions
WHERE workflow_id = ?1 ORDER BY schedule_version;

-- name: latest
SELECT completed_at FROM orchestrator_executions
WHERE workflow_id = ?1 AND scheduled_for IS NOT NULL AND is_backfill = 0 ORDER BY scheduled_for DESC LIMIT 1;

-- name: past_durations
SELECT completed_at - created_at FROM orchestrator_executions
WHERE workflow_id = ?1 AND scheduled_for IS NOT NULL AND is_backfill = 0 AND status IN ('completed', 'partial')
ORDER BY scheduled_for DESC LIMIT ?2;

-- name: list_groups
SELECT timezone, calendar, tenants FROM orchestrator_tenant_groups ORDER BY timezone, calendar;

-- name: forget_groups
DELETE FROM orchestrator_tenant_groups;

-- name: insert_group
INSERT INTO orchestrator_tenant_groups (timezone, calendar, tenants) VALUES (?1, ?2, ?3);
