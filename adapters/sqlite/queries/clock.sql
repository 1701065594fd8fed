-- The latest moment that somebody was at work.
-- name: newest
SELECT max(coalesce((SELECT last_heartbeat_at FROM orchestrator_leader), 0),
           coalesce((SELECT created_at FROM orchestrator_executions ORDER BY id DESC LIMIT 1), 0));

-- ?2: by how many milliseconds at most.
-- name: age_history
UPDATE orchestrator_history SET aged_to = min(?1, coalesce(aged_to, ?1) + ?2);

-- name: aged_to
SELECT aged_to FROM orchestrator_history;
