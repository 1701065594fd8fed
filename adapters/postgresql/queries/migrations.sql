-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('orchestrator migrations', 0));

-- name: make_table
CREATE TABLE IF NOT EXISTS orchestrator_schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- name: table_exists
SELECT to_regclass('orchestrator_schema_migrations') IS NOT NULL;

-- name: version
SELECT coalesce(max(version), 0) FROM orchestrator_schema_migrations;

-- name: note
INSERT INTO orchestrator_schema_migrations (version, name) VALUES ($1, $2);
