-- The clock of the database, and the latest moment that somebody was at work.
-- name: read
SELECT clock_timestamp(),
    greatest((SELECT last_heartbeat_at FROM orchestrator_leader),
             (SELECT created_at FROM orchestrator_executions ORDER BY id DESC LIMIT 1));

-- $2: by how many milliseconds at most.
-- name: age_history
UPDATE orchestrator_history
SET aged_to = least($1, clock_timestamp(), coalesce(aged_to, $1) + $2::bigint * INTERVAL '1 millisecond')
RETURNING aged_to;
