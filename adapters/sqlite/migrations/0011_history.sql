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

-- What is being forgotten is not shown any more, however long that takes.
ALTER TABLE orchestrator_executions ADD COLUMN is_forgotten INTEGER NOT NULL DEFAULT 0;
DROP VIEW orchestrator_executions_read;
CREATE VIEW orchestrator_executions_read AS
SELECT e.id, e.workflow_id, workflow_name, execution_type, retry_of, idempotency_key, tenant_filter, definition, status,
       planning_complete, cancel_requested, created_at, started_at, completed_at, deadline_at, error_message,
       executed_by_instance, tenants_total, tenants_completed, tenants_partial, tenants_failed, tenants_cancelled,
       steps_total, steps_completed, steps_failed, steps_skipped, retries, scheduled_for, is_backfill, result_summary,
       planned_to_end, cancel_requested_at
FROM orchestrator_executions e JOIN orchestrator_definitions d ON d.id = definition_id
WHERE is_forgotten = 0;
