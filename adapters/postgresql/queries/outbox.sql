-- name: insert
INSERT INTO orchestrator_outbox (event_id, exchange, routing_key, event_type, payload, created_at)
VALUES ($1, $2, $3, $4, $5::json, $6) ON CONFLICT DO NOTHING;

-- Those that no attempt was made with come first, then those that were refused, by their time: as many as are asked for
-- of each, however many wait.
-- name: unpublished
SELECT event_id, exchange, routing_key, event_type, payload, created_at, published_at, attempts, problem FROM (
    (SELECT *, TRUE AS is_fresh FROM orchestrator_outbox
     WHERE published_at IS NULL AND attempts = 0 ORDER BY event_id LIMIT $1)
    UNION ALL
    (SELECT *, FALSE FROM orchestrator_outbox
     WHERE published_at IS NULL AND attempts > 0 AND not_before <= $2 ORDER BY not_before, event_id LIMIT $1)
) AS due ORDER BY is_fresh DESC, not_before, event_id LIMIT $1;

-- name: note_published
UPDATE orchestrator_outbox SET published_at = $2, problem = '' WHERE event_id = ANY ($1);

-- name: note_unpublished
UPDATE orchestrator_outbox o SET attempts = attempts + 1, problem = refused.problem, not_before = refused.not_before
FROM unnest($1, $2, $3) AS refused (event_id, problem, not_before)
WHERE o.event_id = refused.event_id AND published_at IS NULL;

-- name: note_broker_problem
UPDATE orchestrator_broker SET problem = $1 WHERE problem <> $1;

-- So many of what is older than $1: ids begin with the time.
-- name: forget
WITH forgotten AS (
    DELETE FROM orchestrator_outbox WHERE event_id = ANY (ARRAY(
        SELECT event_id FROM orchestrator_outbox WHERE event_id < $2 AND created_at < $1 ORDER BY event_id LIMIT $3))
    RETURNING published_at
)
SELECT count(*), count(*) FILTER (WHERE published_at IS NULL) FROM forgotten;

-- name: list
SELECT event_id, exchange, routing_key, event_type, payload, created_at, published_at, attempts,
    CASE WHEN published_at IS NULL AND attempts = 0 THEN (SELECT problem FROM orchestrator_broker) ELSE problem END
FROM orchestrator_outbox
WHERE (NOT $1 OR published_at IS NULL) AND ($2 IS NULL OR event_id < $2) ORDER BY event_id DESC LIMIT $3;
