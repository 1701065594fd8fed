-- name: list
SELECT calendar, name, parent, source, version, is_builtin, is_deleted, updated_at FROM orchestrator_calendars AS newest
WHERE is_deleted = 0 AND version = (SELECT max(version) FROM orchestrator_calendars WHERE calendar = newest.calendar)
ORDER BY calendar;

-- name: newest
SELECT calendar, name, parent, source, version, is_builtin, is_deleted, updated_at FROM orchestrator_calendars
WHERE calendar = ?1 ORDER BY version DESC LIMIT 1;

-- name: find_version
SELECT calendar, name, parent, source, version, is_builtin, is_deleted, updated_at FROM orchestrator_calendars
WHERE calendar = ?1 AND version = ?2;

-- name: insert
INSERT INTO orchestrator_calendars (calendar, version, name, parent, source, is_builtin, is_deleted, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
