-- What operators set for services; every instance reads it with its heartbeat.
CREATE TABLE orchestrator_service_settings (
    service VARCHAR(64) PRIMARY KEY,
    max_calls INTEGER CHECK (max_calls > 0),  -- in flight from each instance; NULL: as configured
    paused_until TIMESTAMPTZ,                 -- NULL, or in the past: not paused
    reason TEXT NOT NULL DEFAULT '',
    updated_at TIMESTAMPTZ NOT NULL
);
