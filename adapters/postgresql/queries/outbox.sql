-- name: insert
INSERT INTO orchestrator_outbox (event_id, exchange, routing_key, event_type, payload, created_at)
VALUES ($1, $2, $3, $4, $5::json, $6) ON CONFLICT DO NOTHING;

-- name: unpublished
SELECT event_id, exchange, routing_key, event_type, payload, created_at, published_at, attempts, problem
FROM orchestrator_outbox
WHERE published_at IS NULL AND (not_before IS NULL OR not_before <= $2) ORDER BY attempts, event_id LIMIT $1;

-- name: note_published
UPDATE orchestrator_outbox SET published_at = $2, problem = '' WHERE event_id = ANY ($1);

-- name: note_unpublished
UPDATE orchestrator_outbox o SET attempts = attempts + 1, problem = refused.problem, not_before = refused.not_before
FROM unnest($1, $2, $3) AS refused (event_id, problem, not_before)
WHERE o.event_id = refused.event_id AND published_at IS NULL;

-- name: note_broker_problem
UPDATE orchestrator_outbox SET problem = $1 WHERE published_at IS NULL AND attempts = 0 AND problem <> $1;

-- name: forget
WITH forgotten AS (DELETE FROM orchestrator_outbox WHERE created_at < $1 RETURNING published_at)
SELECT count(*) FROM forgotten WHERE published_at IS NULL;

-- name: list
SELECT event_id, exchange, routing_key, event_type, payload, created_at, published_at, attempts, problem
FROM orchestrator_outbox
WHERE (NOT $1 OR published_at IS NULL) AND ($2 IS NULL OR event_id < $2) ORDER BY event_id DESC LIMIT $3;
