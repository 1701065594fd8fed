-- name: list
SELECT service, max_calls, paused_until, reason, updated_at FROM orchestrator_service_settings ORDER BY service;

-- Each value is preceded by whether it changes.
-- name: change
INSERT INTO orchestrator_service_settings AS kept (service, max_calls, paused_until, reason, updated_at)
VALUES ($1, $3, $5, $7, $8)
ON CONFLICT (service) DO UPDATE SET
    max_calls = CASE WHEN $2 THEN excluded.max_calls ELSE kept.max_calls END,
    paused_until = CASE WHEN $4 THEN excluded.paused_until ELSE kept.paused_until END,
    reason = CASE WHEN $6 THEN excluded.reason ELSE kept.reason END,
    updated_at = excluded.updated_at
RETURNING service, max_calls, paused_until, reason, updated_at;
