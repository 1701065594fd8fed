-- The time by which history is counted. It advances little by little, whatever a clock shows: a clock that is wrong by
-- months deletes nothing that an operator could not save.
CREATE TABLE orchestrator_history (
    id SMALLINT PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    aged_to TIMESTAMPTZ  -- NULL: not counted yet
);
INSERT INTO orchestrator_history (aged_to)
VALUES ((SELECT created_at FROM orchestrator_executions ORDER BY id DESC LIMIT 1));

-- By the clock of the database. A lease that was renewed at a time that is still to come was given by a clock that was
-- wrong, and would hold for as long.
ALTER TABLE orchestrator_instances ADD COLUMN renewed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp();

-- The runs of executions that have ended, by day, so that the table of those that are to be claimed stays small and a day
-- is forgotten by dropping its partition. The key begins with the execution, whose id begins with the time.
CREATE TABLE orchestrator_ended_runs (
    id BIGINT NOT NULL,
    execution_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    tenant_name TEXT NOT NULL,
    subscription_tier TEXT NOT NULL,
    timezone TEXT NOT NULL,
    fair_rank BIGINT NOT NULL,
    steps_total INTEGER NOT NULL,
    status TEXT NOT NULL,
    claimed_by TEXT,  -- by whom at last
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    PRIMARY KEY (execution_id, id)
) PARTITION BY RANGE (execution_id);
CREATE TABLE orchestrator_ended_runs_other PARTITION OF orchestrator_ended_runs DEFAULT;
ALTER TABLE orchestrator_executions ADD COLUMN runs_archived BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX idx_executions_to_archive ON orchestrator_executions (id)
    WHERE NOT runs_archived AND status NOT IN ('pending', 'running');

-- Runs, wherever they lie.
CREATE VIEW orchestrator_runs_read AS
SELECT id, execution_id, tenant_id, tenant_name, subscription_tier, timezone, status, not_before, started_at, completed_at,
       claimed_by
FROM orchestrator_tenant_runs
UNION ALL
SELECT id, execution_id, tenant_id, tenant_name, subscription_tier, timezone, status, NULL::timestamptz, started_at,
       completed_at, claimed_by
FROM orchestrator_ended_runs;

-- What is forgotten is found without a look at what stays.
ALTER TABLE orchestrator_backfills ADD COLUMN done_at TIMESTAMPTZ;  -- NULL: it goes on
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
    id SMALLINT PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    problem TEXT NOT NULL DEFAULT ''  -- why events wait; empty: they do not
);
INSERT INTO orchestrator_broker DEFAULT VALUES;

-- What changes all the time is swept all the time: a fifth of the table, which is the default, is too late for a queue.
ALTER TABLE orchestrator_tenant_runs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE orchestrator_executions SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
ALTER TABLE orchestrator_step_counts SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
ALTER TABLE orchestrator_step_latencies SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
ALTER TABLE orchestrator_outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
ALTER TABLE orchestrator_instances SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
ALTER TABLE orchestrator_leader SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
ALTER TABLE orchestrator_journal_writers SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- What is being forgotten is not shown any more, however long that takes.
ALTER TABLE orchestrator_executions ADD COLUMN is_forgotten BOOLEAN NOT NULL DEFAULT FALSE;
CREATE OR REPLACE VIEW orchestrator_executions_read AS
SELECT e.id, e.workflow_id, workflow_name, execution_type, retry_of, idempotency_key, tenant_filter, definition, status,
       planning_complete, cancel_requested, created_at, started_at, completed_at, deadline_at, error_message,
       executed_by_instance, tenants_total, tenants_completed, tenants_partial, tenants_failed, tenants_cancelled,
       steps_total, steps_completed, steps_failed, steps_skipped, retries, scheduled_for, is_backfill, result_summary,
       planned_to_end, cancel_requested_at
FROM orchestrator_executions e JOIN orchestrator_definitions d ON d.id = definition_id
WHERE NOT is_forgotten;
