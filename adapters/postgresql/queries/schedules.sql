-- name: revision
SELECT revision FROM orchestrator_schedule_revision;

-- name: bump_revision
UPDATE orchestrator_schedule_revision SET revision = revision + 1;

-- The workflows whose schedule is still the one that was decided from, held in one order so that two leaders wait for
-- each other instead of blocking each other.
-- name: hold_workflows
SELECT id, decided_until FROM orchestrator_workflows JOIN unnest($1, $2) AS decided (workflow, version)
    ON id = workflow AND schedule_version = version
WHERE is_enabled AND deleted_at IS NULL
ORDER BY id FOR NO KEY UPDATE OF orchestrator_workflows;

-- What a clock that was wrong has decided beyond these times. What was started stays.
-- name: forget_decided
DELETE FROM orchestrator_schedule_occurrences USING unnest($1, $2) AS healed (workflow, heals_to)
WHERE workflow_id = workflow AND scheduled_for > heals_to AND outcome <> 'started';

-- name: running
SELECT workflow_id, id, tenant_groups FROM orchestrator_executions
WHERE workflow_id = ANY ($1) AND status IN ('pending', 'running') AND scheduled_for IS NOT NULL AND NOT is_backfill
ORDER BY id;

-- name: decided
SELECT workflow_id, scheduled_for FROM orchestrator_schedule_occurrences
WHERE (workflow_id, scheduled_for) IN (SELECT * FROM unnest($1, $2));

-- name: note_occurrences
INSERT INTO orchestrator_schedule_occurrences (workflow_id, scheduled_for, outcome, reason, execution_id, decided_at)
SELECT *, $6 FROM unnest($1, $2, $3, $4, $5);

-- name: keep_decisions
UPDATE orchestrator_workflows SET decided_until = decision.decided_until, next_execution_at = decision.next_execution_at,
    schedule_problem = decision.problem
FROM unnest($1, $2, $3, $4) AS decision (workflow, decided_until, next_execution_at, problem)
WHERE id = workflow;

-- name: list_occurrences
SELECT scheduled_for, outcome, reason, execution_id, decided_at FROM orchestrator_schedule_occurrences
WHERE workflow_id = $1 AND scheduled_for >= $2 AND scheduled_for < $3 ORDER BY scheduled_for LIMIT $4;

-- name: list_versions
SELECT schedule_version, schedule, changed_at FROM orchestrator_schedule_versions
WHERE workflow_id = $1 ORDER BY schedule_version;

-- name: latest
SELECT completed_at FROM orchestrator_executions
WHERE workflow_id = $1 AND scheduled_for IS NOT NULL AND NOT is_backfill ORDER BY scheduled_for DESC LIMIT 1;

-- name: past_durations
SELECT (extract(epoch FROM completed_at - created_at) * 1000)::bigint FROM orchestrator_executions
WHERE workflow_id = $1 AND scheduled_for IS NOT NULL AND NOT is_backfill AND status IN ('completed', 'partial')
ORDER BY scheduled_for DESC LIMIT $2;

-- name: list_groups
SELECT timezone, calendar, tenants FROM orchestrator_tenant_groups ORDER BY timezone COLLATE "C", calendar COLLATE "C";

-- name: forget_groups
DELETE FROM orchestrator_tenant_groups;

-- name: insert_groups
INSERT INTO orchestrator_tenant_groups (timezone, calendar, tenants) SELECT * FROM unnest($1, $2, $3);
