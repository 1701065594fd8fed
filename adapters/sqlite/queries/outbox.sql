-- name: insert
INSERT INTO orchestrator_outbox (event_id, exchange, routing_key, event_type, payload, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING;

-- Those that no attempt was made with come first, then those that were refused, by their time: as many as are asked for
-- of each, however many wait.
-- name: unpublished
SELECT event_id, exchange, routing_key, event_type, payload, created_at, published_at, attempts, problem FROM (
    SELECT * FROM (SELECT *, 1 AS is_fresh FROM orchestrator_outbox
                   WHERE published_at IS NULL AND attempts = 0 ORDER BY event_id LIMIT ?1)
    UNION ALL
    SELECT * FROM (SELECT *, 0 FROM orchestrator_outbox
                   WHERE published_at IS NULL AND attempts > 0 AND not_before <= ?2 ORDER BY not_before, event_id LIMIT ?1)
) ORDER BY is_fresh DESC, not_before, event_id LIMIT ?1;

-- name: note_published
UPDATE orchestrator_outbox SET published_at = ?2, problem = '' WHERE event_id = ?1;

-- name: note_unpublished
UPDATE orchestrator_outbox SET attempts = attempts + 1, problem = ?2, not_before = ?3
WHERE event_id = ?1 AND published_at IS NULL;

-- name: note_broker_problem
UPDATE orchestrator_broker SET problem = ?1 WHERE problem <> ?1;

-- So many of what is older than ?1: ids begin with the time.
-- name: old
SELECT event_id, published_at IS NULL FROM orchestrator_outbox WHERE event_id < ?2 AND created_at < ?1
ORDER BY event_id LIMIT ?3;

-- name: forget
DELETE FROM orchestrator_outbox WHERE event_id = ?1;

-- name: list
SELECT event_id, exchange, routing_key, event_type, payload, created_at, published_at, attempts,
    CASE WHEN published_at IS NULL AND attempts = 0 THEN (SELECT problem FROM orchestrator_broker) ELSE problem END
FROM orchestrator_outbox
WHERE (?1 = 0 OR published_at IS NULL) AND (?2 IS NULL OR event_id < ?2) ORDER BY event_id DESC LIMIT ?3;
