-- Events, each committed with the state that it tells of, until the broker has confirmed them; afterwards for those who
-- want to see what was told.
CREATE TABLE orchestrator_outbox (
    event_id BLOB PRIMARY KEY CHECK (length(event_id) = 16),
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    event_type TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    created_at INTEGER NOT NULL,
    published_at INTEGER,                 -- NULL: not confirmed yet
    attempts INTEGER NOT NULL DEFAULT 0,  -- that the broker did not confirm
    problem TEXT NOT NULL DEFAULT '',     -- of the last of them
    not_before INTEGER                    -- the next attempt; NULL: at once
) WITHOUT ROWID;
CREATE INDEX idx_outbox_unpublished ON orchestrator_outbox (attempts, event_id) WHERE published_at IS NULL;
