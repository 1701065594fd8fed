-- The time by which history is counted. It advances little by little, whatever a clock shows: a clock that is wrong by
-- months deletes nothing that an operator could not save.
CREATE TABLE orchestrator_history (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    aged_to INTEGER  -- NULL: not counted yet
);
INSERT INTO orchestrator_history (id, aged_to)
VALUES (1, (SELECT created_at FROM orchestrator_executions ORDER BY id DESC LIMIT 1));

-- What is forgotten is found without a look at what stays.
ALTER TABLE orchestrator_backfills ADD COLUMN done_at INTEGER;  -- NULL: it goes on
CREATE INDEX idx_backfills_to_do ON orchestrator_backfills (id) WHERE done_at IS NULL;
CREATE INDEX idx_occurrences_decided ON orchestrator_schedule_occurrences (decided_at);
CREATE INDEX idx_executions_definition ON orchestrator_executions (definition_id);

-- Events: those that no attempt was made with by age, and those that were refused by their time. A broker that is away is
-- one word, not one for each event.
UPDATE orchestrator_outbox SET not_before = created_at WHERE published_at IS NULL AND attempts > 0 AND not_before IS NULL;
DROP INDEX idx_outbox_unpublished;
CREATE INDEX idx_outbox_fresh ON orchestrator_outbox (event_id) WHERE published_at IS NULL AND attempts = 0;
CREATE INDEX idx_outbox_refused ON orchestrator_outbox (not_before, event_id) WHERE published_at IS NULL AND attempts > 0;
CREATE TABLE orchestrator_broker (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    problem TEXT NOT NULL DEFAULT ''  -- why events wait; empty: they do not
);
INSERT INTO orchestrator_broker (id) VALUES (1);
