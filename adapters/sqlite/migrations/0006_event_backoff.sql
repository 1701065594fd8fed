-- An event that the broker did not keep waits by itself.
ALTER TABLE orchestrator_outbox ADD COLUMN not_before INTEGER;  -- the next attempt; NULL: at once
