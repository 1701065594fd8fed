-- name: insert
INSERT INTO orchestrator_backfills (id, workflow_id, workflow_name, definition, start_date, end_date, max_concurrent,
    created_at)
VALUES ($1, $2, $3, $4::json, $5, $6, $7, $8);

-- name: insert_occurrences
INSERT INTO orchestrator_backfill_occurrences (backfill_id, scheduled_for) SELECT $1, unnest($2);

-- name: list
SELECT id, workflow_id, workflow_name, definition, start_date, end_date, max_concurrent, created_at, cancelled_at,
    done_at
FROM orchestrator_backfills ORDER BY id DESC LIMIT $1;

-- name: find
SELECT id, workflow_id, workflow_name, definition, start_date, end_date, max_concurrent, created_at, cancelled_at,
    done_at
FROM orchestrator_backfills WHERE id = $1;

-- An execution that is not there any more had ended, and was forgotten.
-- name: progress
SELECT count(*), count(o.execution_id),
    count(*) FILTER (WHERE o.execution_id IS NOT NULL AND coalesce(e.status, 'forgotten') NOT IN ('pending', 'running')),
    count(*) FILTER (WHERE e.status NOT IN ('pending', 'running', 'completed'))
FROM orchestrator_backfill_occurrences o LEFT JOIN orchestrator_executions e ON e.id = o.execution_id
WHERE o.backfill_id = $1;

-- name: cancel
UPDATE orchestrator_backfills SET cancelled_at = coalesce(cancelled_at, $2) WHERE id = $1;

-- name: not_done
SELECT id, workflow_id, workflow_name, definition, start_date, end_date, max_concurrent, created_at, cancelled_at,
    done_at
FROM orchestrator_backfills WHERE done_at IS NULL ORDER BY id;

-- name: note_done
UPDATE orchestrator_backfills SET done_at = $2 WHERE id = $1;

-- name: next
SELECT scheduled_for FROM orchestrator_backfill_occurrences WHERE backfill_id = $1 AND execution_id IS NULL
ORDER BY scheduled_for LIMIT $2;

-- name: waits
SELECT 1 FROM orchestrator_backfill_occurrences o JOIN orchestrator_backfills b ON b.id = o.backfill_id
WHERE o.backfill_id = $1 AND o.scheduled_for = $2 AND o.execution_id IS NULL AND b.cancelled_at IS NULL
FOR UPDATE;

-- name: started_execution
SELECT execution_id FROM orchestrator_schedule_occurrences
WHERE workflow_id = $1 AND scheduled_for = $2 AND outcome = 'started' AND execution_id IS NOT NULL;

-- name: keep_execution
UPDATE orchestrator_backfill_occurrences SET execution_id = $3 WHERE backfill_id = $1 AND scheduled_for = $2;

-- name: note_occurrence
INSERT INTO orchestrator_schedule_occurrences (workflow_id, scheduled_for, outcome, reason, execution_id, decided_at)
VALUES ($1, $2, 'started', 'backfill', $3, $4)
ON CONFLICT (workflow_id, scheduled_for) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, execution_id = excluded.execution_id,
    decided_at = excluded.decided_at;
