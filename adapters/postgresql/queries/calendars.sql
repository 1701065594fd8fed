-- name: list
SELECT calendar, name, parent, source, version, is_builtin, is_deleted, updated_at FROM orchestrator_calendars AS newest
WHERE NOT is_deleted AND version = (SELECT max(version) FROM orchestrator_calendars WHERE calendar = newest.calendar)
ORDER BY calendar;

-- name: newest
SELECT calendar, name, parent, source, version, is_builtin, is_deleted, updated_at FROM orchestrator_calendars
WHERE calendar = $1 ORDER BY version DESC LIMIT 1;

-- One writer of a calendar at a time: its versions have no gaps.
-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('orchestrator calendar ' || $1, 0));

-- name: find_version
SELECT calendar, name, parent, source, version, is_builtin, is_deleted, updated_at FROM orchestrator_calendars
WHERE calendar = $1 AND version = $2;

-- name: insert
INSERT INTO orchestrator_calendars (calendar, version, name, parent, source, is_builtin, is_deleted, updated_at)
VALUES ($1, $2, $3, $4, $5::json, $6, $7, $8);
