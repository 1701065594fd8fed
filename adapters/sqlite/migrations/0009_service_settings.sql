-- What operators set for services; read with each heartbeat.
CREATE TABLE orchestrator_service_settings (
    service TEXT PRIMARY KEY,
    max_calls INTEGER CHECK (max_calls > 0),  -- in flight from each instance; NULL: as configured
    paused_until INTEGER,                     -- NULL, or in the past: not paused
    reason TEXT NOT NULL DEFAULT '',
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
