-- name: partitions
SELECT child.relname::text FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent IN ('orchestrator_step_results'::regclass, 'orchestrator_execution_logs'::regclass,
                    'orchestrator_ended_runs'::regclass);

-- The oldest that may be forgotten: ids begin with the time. A retry keeps what it descends from until it has ended.
-- name: old_execution
WITH RECURSIVE needed (id) AS (
    SELECT retry_of FROM orchestrator_executions WHERE status IN ('pending', 'running') AND retry_of IS NOT NULL
    UNION
    SELECT e.retry_of FROM needed JOIN orchestrator_executions e ON e.id = needed.id WHERE e.retry_of IS NOT NULL
)
SELECT id FROM orchestrator_executions
WHERE id < $2 AND created_at < $1 AND status NOT IN ('pending', 'running') AND id NOT IN (SELECT id FROM needed)
ORDER BY id LIMIT 1;

-- name: oldest_execution
SELECT id FROM orchestrator_executions ORDER BY id LIMIT 1;

-- Of one execution, so many rows. What lies in a partition of its day goes with the partition.
-- name: forget_runs
DELETE FROM orchestrator_tenant_runs WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_tenant_runs WHERE execution_id = $1 LIMIT $2));

-- name: forget_ended_runs
DELETE FROM orchestrator_ended_runs_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_ended_runs_other WHERE execution_id = $1 LIMIT $2));

-- name: forget_results
DELETE FROM orchestrator_step_results_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_step_results_other WHERE execution_id = $1 LIMIT $2));

-- name: forget_logs
DELETE FROM orchestrator_execution_logs_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_execution_logs_other WHERE execution_id = $1 LIMIT $2));

-- From here on nobody is shown what is left of it.
-- name: hide_execution
UPDATE orchestrator_executions SET is_forgotten = TRUE WHERE id = $1 AND NOT is_forgotten;

-- name: forget_step_counts
DELETE FROM orchestrator_step_counts WHERE execution_id = $1;

-- name: forget_step_latencies
DELETE FROM orchestrator_step_latencies WHERE execution_id = $1;

-- name: forget_execution
DELETE FROM orchestrator_executions WHERE id = $1;

-- The rest: so many of what is older than $1.
-- Two days later than the rest: what nobody can make up for any more, on whatever clock its day was.
-- name: forget_occurrences
DELETE FROM orchestrator_schedule_occurrences WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_schedule_occurrences WHERE decided_at < $1 - INTERVAL '2 days' ORDER BY decided_at LIMIT $2));

-- A version holds until the next one.
-- name: forget_versions
DELETE FROM orchestrator_schedule_versions WHERE ctid = ANY (ARRAY(
    SELECT v.ctid FROM orchestrator_schedule_versions v WHERE EXISTS (
        SELECT FROM orchestrator_schedule_versions later WHERE later.workflow_id = v.workflow_id
            AND later.schedule_version > v.schedule_version AND later.changed_at < $1)
    LIMIT $2));

-- name: forget_backfill_occurrences
DELETE FROM orchestrator_backfill_occurrences WHERE ctid = ANY (ARRAY(
    SELECT o.ctid FROM orchestrator_backfills b JOIN orchestrator_backfill_occurrences o ON o.backfill_id = b.id
    WHERE b.done_at < $1 LIMIT $2));

-- name: forget_backfills
DELETE FROM orchestrator_backfills WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_backfills b WHERE done_at < $1
        AND NOT EXISTS (SELECT FROM orchestrator_backfill_occurrences WHERE backfill_id = b.id) LIMIT $2));

-- Those that no execution has, but for the newest of a workflow, which the next one runs. An execution that begins to use
-- another at this moment makes us wait and keeps it.
-- name: forget_definitions
DELETE FROM orchestrator_definitions WHERE id = ANY (ARRAY(
    SELECT id FROM orchestrator_definitions d
    WHERE NOT EXISTS (SELECT FROM orchestrator_executions WHERE definition_id = d.id)
        AND id < (SELECT max(id) FROM orchestrator_definitions newer WHERE newer.workflow_id = d.workflow_id)
        AND $1::timestamptz IS NOT NULL
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))
    AND NOT EXISTS (SELECT FROM orchestrator_executions WHERE definition_id = orchestrator_definitions.id);

-- name: forget_writers
DELETE FROM orchestrator_journal_writers WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_journal_writers WHERE written_at < clock_timestamp() - INTERVAL '7 days'
        AND $1::timestamptz IS NOT NULL LIMIT $2));

-- name: forget_metrics
DELETE FROM orchestrator_metrics WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM orchestrator_metrics WHERE metric_date < $1::date LIMIT $2));

-- Executions that ended before $1 and whose runs still lie among those that are to be claimed.
-- name: to_archive
SELECT id FROM orchestrator_executions
WHERE NOT runs_archived AND status NOT IN ('pending', 'running') AND completed_at < $1 ORDER BY id LIMIT 1;

-- name: first_to_archive
SELECT created_at FROM orchestrator_executions
WHERE NOT runs_archived AND status NOT IN ('pending', 'running') ORDER BY id LIMIT 1;

-- name: archive_runs
WITH moved AS (
    DELETE FROM orchestrator_tenant_runs WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM orchestrator_tenant_runs WHERE execution_id = $1 LIMIT $2))
    RETURNING id, execution_id, tenant_id, tenant_name, subscription_tier, timezone, fair_rank, steps_total, status,
        claimed_by, started_at, completed_at
)
INSERT INTO orchestrator_ended_runs SELECT * FROM moved;

-- name: note_archived
UPDATE orchestrator_executions SET runs_archived = TRUE WHERE id = $1;
