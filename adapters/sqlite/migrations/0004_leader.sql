-- One row: who leads, and how often leadership has changed hands. What a leader writes carries its epoch and is refused
-- when a newer one stands here.
CREATE TABLE orchestrator_leader (
    id INTEGER PRIMARY KEY DEFAULT 1,
    instance_id TEXT NOT NULL,
    instance_hostname TEXT,
    epoch INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    became_leader_at INTEGER NOT NULL,
    last_heartbeat_at INTEGER NOT NULL,
    heartbeat_interval_seconds REAL NOT NULL DEFAULT 30,
    CONSTRAINT single_leader CHECK (id = 1)
);
