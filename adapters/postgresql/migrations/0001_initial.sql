-- Ids of executions are UUIDs of version 7, which hold the time at which they were made. What grows with the work (step
-- results and logs) is partitioned by that time: all of an execution lies in one partition, whole days are dropped at
-- once, and a key on the execution is a key of the partition.

CREATE TABLE orchestrator_workflows (
    id UUID PRIMARY KEY,
    workflow_name VARCHAR(255) NOT NULL CHECK (workflow_name <> ''),
    workflow_type VARCHAR(100) NOT NULL CHECK (workflow_type IN ('daily', 'weekly', 'monthly', 'on_demand')),
    description TEXT NOT NULL DEFAULT '',
    cron_expression VARCHAR(1000),
    timezone VARCHAR(50) NOT NULL DEFAULT 'Europe/Madrid',
    is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
    max_execution_time_seconds INTEGER NOT NULL DEFAULT 3600 CHECK (max_execution_time_seconds > 0),
    max_retries INTEGER NOT NULL DEFAULT 3 CHECK (max_retries >= 0),
    retry_delay_seconds INTEGER NOT NULL DEFAULT 300 CHECK (retry_delay_seconds >= 0),
    -- JSON and not JSONB, here and below: what people wrote comes back as they wrote it.
    steps JSON NOT NULL,
    -- The fields of the schedule beside cron_expression and timezone. NULL: as they are when nobody says anything.
    schedule JSON,
    schedule_version BIGINT NOT NULL DEFAULT 0,  -- what was decided from an older one is refused
    decided_until TIMESTAMPTZ,                   -- every occurrence up to here is decided. NULL: never looked at
    schedule_problem TEXT NOT NULL DEFAULT '',   -- why nothing can be decided at present; empty: all is well
    last_execution_at TIMESTAMPTZ,
    last_success_at TIMESTAMPTZ,
    last_failure_at TIMESTAMPTZ,
    next_execution_at TIMESTAMPTZ,
    consecutive_failures INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    deleted_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX idx_workflows_name ON orchestrator_workflows (workflow_name) WHERE deleted_at IS NULL;
CREATE INDEX idx_workflows_enabled ON orchestrator_workflows (is_enabled, next_execution_at);

-- Definitions that executions took snapshots of, each kept once however many executions ran it.
CREATE TABLE orchestrator_definitions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id UUID NOT NULL REFERENCES orchestrator_workflows (id),
    definition JSON NOT NULL
);
CREATE INDEX idx_definitions_workflow ON orchestrator_definitions (workflow_id);

CREATE TABLE orchestrator_executions (
    id UUID PRIMARY KEY,
    workflow_id UUID NOT NULL REFERENCES orchestrator_workflows (id),
    workflow_name VARCHAR(255) NOT NULL,
    execution_type VARCHAR(50) NOT NULL CHECK (execution_type IN ('scheduled', 'manual', 'retry')),
    triggered_by UUID,
    tenant_id UUID,
    retry_of UUID REFERENCES orchestrator_executions (id) ON DELETE SET NULL,
    idempotency_key TEXT,
    tenant_filter JSON NOT NULL DEFAULT '{}',
    definition_id BIGINT NOT NULL REFERENCES orchestrator_definitions (id),
    scheduled_for TIMESTAMPTZ,
    -- The clocks and calendars that the occurrence is due on, one a line; empty: one for all. Tells who would overlap.
    tenant_groups TEXT NOT NULL DEFAULT '',
    is_backfill BOOLEAN NOT NULL DEFAULT FALSE,
    status VARCHAR(50) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'partial', 'failed', 'cancelled')),
    planning_complete BOOLEAN NOT NULL DEFAULT FALSE,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    duration_seconds INTEGER,
    deadline_at TIMESTAMPTZ NOT NULL,
    tenants_total BIGINT NOT NULL DEFAULT 0,
    tenants_completed BIGINT NOT NULL DEFAULT 0,
    tenants_partial BIGINT NOT NULL DEFAULT 0,
    tenants_failed BIGINT NOT NULL DEFAULT 0,
    tenants_cancelled BIGINT NOT NULL DEFAULT 0,
    steps_completed BIGINT NOT NULL DEFAULT 0,
    steps_total BIGINT NOT NULL DEFAULT 0,
    steps_failed BIGINT NOT NULL DEFAULT 0,
    steps_skipped BIGINT NOT NULL DEFAULT 0,
    retries BIGINT NOT NULL DEFAULT 0,
    error_message TEXT NOT NULL DEFAULT '',
    result_summary JSON,
    last_log_sequence BIGINT NOT NULL DEFAULT 0,
    first_run BIGINT,  -- the lowest and the highest id of its tenant runs; NULL: there are none yet
    last_run BIGINT,
    executed_by_instance VARCHAR(255) NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (tenants_completed + tenants_partial + tenants_failed + tenants_cancelled <= tenants_total),
    CHECK (steps_completed + steps_failed + steps_skipped <= steps_total)
) WITH (fillfactor = 50);  -- the counters change with each batch of outcomes: room for them on the same page
CREATE UNIQUE INDEX idx_executions_idempotency ON orchestrator_executions (workflow_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
-- An occurrence is one execution, whoever opens it and however often.
CREATE UNIQUE INDEX idx_executions_occurrence ON orchestrator_executions (workflow_id, scheduled_for)
    WHERE scheduled_for IS NOT NULL;
CREATE INDEX idx_executions_workflow_date ON orchestrator_executions (workflow_id, created_at DESC);
CREATE INDEX idx_executions_tenant_date ON orchestrator_executions (tenant_id, created_at DESC);
CREATE INDEX idx_executions_status ON orchestrator_executions (status, started_at);
CREATE INDEX idx_executions_workflow_status ON orchestrator_executions (workflow_id, status);
CREATE INDEX idx_executions_retry ON orchestrator_executions (retry_of) WHERE retry_of IS NOT NULL;

-- One tenant's part of one execution: the unit of work that an instance claims. No foreign key to the execution, here and
-- in all that is written with each outcome: each would lock the execution's row, whose counters change all the time.
-- Indexes know only of what waits, by columns that the end of a run does not touch: it is a HOT update.
CREATE TABLE orchestrator_tenant_runs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    tenant_name TEXT NOT NULL,
    subscription_tier TEXT NOT NULL,
    timezone TEXT NOT NULL,
    fair_rank BIGINT NOT NULL,
    turn BIGINT,                            -- fair_rank while it waits for its turn; NULL: parked, running or ended
    steps_total INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'partial', 'failed', 'cancelled')),
    not_before TIMESTAMPTZ,                 -- parked until then; NULL: not parked
    waits JSON,                             -- attempts of the steps that wait for a retry
    claimed_by TEXT,
    claim_token BIGINT NOT NULL DEFAULT 0,  -- grows with each claim; older ones are refused
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    UNIQUE (execution_id, tenant_id),
    CHECK ((status = 'pending') = (turn IS NOT NULL OR not_before IS NOT NULL)),
    CHECK (turn IS NULL OR not_before IS NULL)
) WITH (fillfactor = 60);
CREATE INDEX idx_tenant_runs_turn ON orchestrator_tenant_runs (turn, id) WHERE turn IS NOT NULL;
CREATE INDEX idx_tenant_runs_parked ON orchestrator_tenant_runs (not_before, id) WHERE not_before IS NOT NULL;

CREATE TABLE orchestrator_step_results (
    execution_id UUID NOT NULL,
    tenant_run_id BIGINT NOT NULL,
    step_index INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'skipped')),
    attempts INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    carried_over BOOLEAN NOT NULL DEFAULT FALSE,
    started_at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    result TEXT,
    error_code TEXT,
    error_message TEXT,
    PRIMARY KEY (execution_id, tenant_run_id, step_index)
) PARTITION BY RANGE (execution_id);
CREATE TABLE orchestrator_step_results_other PARTITION OF orchestrator_step_results DEFAULT;

-- `sequence` counts the logs of each execution without gaps, in the order of their commits: who has read up to one
-- misses none that comes after it.
CREATE TABLE orchestrator_execution_logs (
    id UUID NOT NULL,
    execution_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    tenant_id UUID,
    step_name VARCHAR(255) NOT NULL,
    step_index INTEGER NOT NULL,
    log_level VARCHAR(50) NOT NULL CHECK (log_level IN ('info', 'warning', 'error')),
    log_message TEXT NOT NULL,
    log_data JSON,
    logged_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (execution_id, sequence)
) PARTITION BY RANGE (execution_id);
CREATE INDEX idx_execution_logs_execution ON orchestrator_execution_logs (execution_id, step_index);
CREATE TABLE orchestrator_execution_logs_other PARTITION OF orchestrator_execution_logs DEFAULT;

-- How each step goes over all tenants of an execution: counted with the outcomes, in the same transaction.
CREATE TABLE orchestrator_step_counts (
    execution_id UUID NOT NULL,
    step_index INTEGER NOT NULL,
    completed BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    skipped BIGINT NOT NULL DEFAULT 0,
    retries BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (execution_id, step_index)
) WITH (fillfactor = 50);

CREATE TABLE orchestrator_step_latencies (
    execution_id UUID NOT NULL,
    step_index INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (execution_id, step_index, bucket)
) WITH (fillfactor = 50);

-- The heartbeat of each instance. Its claims hold until lease_until. Who takes them away holds the instance's row, and so
-- does, with others, who records under them: one lock for a batch instead of one for each of its runs. lease_number is
-- new whenever claims may have been taken away.
CREATE TABLE orchestrator_instances (
    instance_id TEXT PRIMARY KEY,
    lease_number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    lease_until TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 10);

-- The last batch that each writer has committed: after a lost answer it tells whether the batch is there.
CREATE TABLE orchestrator_journal_writers (
    writer_id UUID PRIMARY KEY,
    last_batch BIGINT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 10);

-- What became of each occurrence that was due.
CREATE TABLE orchestrator_schedule_occurrences (
    workflow_id UUID NOT NULL REFERENCES orchestrator_workflows (id),
    scheduled_for TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('started', 'missed', 'overlapped')),
    reason TEXT NOT NULL DEFAULT '',
    execution_id UUID,  -- the one that it started, or that it would have overlapped
    decided_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workflow_id, scheduled_for)
);

-- Each schedule that a workflow ever had, so that a past day can be explained.
CREATE TABLE orchestrator_schedule_versions (
    workflow_id UUID NOT NULL REFERENCES orchestrator_workflows (id),
    schedule_version BIGINT NOT NULL,
    schedule JSON NOT NULL,  -- all fields
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workflow_id, schedule_version)
);

-- Every version of every calendar; the newest one holds.
CREATE TABLE orchestrator_calendars (
    calendar TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    parent TEXT NOT NULL DEFAULT '',
    source JSON NOT NULL,
    is_builtin BOOLEAN NOT NULL DEFAULT FALSE,  -- came with the program, changed by nobody
    is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (calendar, version)
);

-- Occurrences of the past that somebody wants made up for.
CREATE TABLE orchestrator_backfills (
    id UUID PRIMARY KEY,
    workflow_id UUID NOT NULL REFERENCES orchestrator_workflows (id),
    workflow_name VARCHAR(255) NOT NULL,
    definition JSON NOT NULL,  -- what it runs, whatever becomes of the workflow
    start_date DATE NOT NULL,  -- as it was asked for, both inclusive
    end_date DATE NOT NULL,
    max_concurrent INTEGER NOT NULL CHECK (max_concurrent > 0),
    created_at TIMESTAMPTZ NOT NULL,
    cancelled_at TIMESTAMPTZ
);

CREATE TABLE orchestrator_backfill_occurrences (
    backfill_id UUID NOT NULL REFERENCES orchestrator_backfills (id),
    scheduled_for TIMESTAMPTZ NOT NULL,
    execution_id UUID,  -- NULL: not opened yet
    PRIMARY KEY (backfill_id, scheduled_for)
);

-- On which clocks and by which calendars the tenants live, as of the last look at the tenant service.
CREATE TABLE orchestrator_tenant_groups (
    timezone TEXT NOT NULL,
    calendar TEXT NOT NULL,
    tenants BIGINT NOT NULL,
    PRIMARY KEY (timezone, calendar)
);

-- Grows with each change that makes it worth reading the schedules again.
CREATE TABLE orchestrator_schedule_revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);
INSERT INTO orchestrator_schedule_revision (id, revision) VALUES (1, 0);

-- One row: who leads, and how often leadership has changed hands. What a leader writes carries its epoch and is refused
-- when a newer one stands here.
CREATE TABLE orchestrator_leader (
    id INTEGER PRIMARY KEY DEFAULT 1,
    instance_id VARCHAR(255) NOT NULL,
    instance_hostname VARCHAR(255),
    epoch BIGINT NOT NULL,
    lease_until TIMESTAMPTZ NOT NULL,
    became_leader_at TIMESTAMPTZ NOT NULL,
    last_heartbeat_at TIMESTAMPTZ NOT NULL,
    heartbeat_interval_seconds NUMERIC(10, 3) NOT NULL DEFAULT 30,
    CONSTRAINT single_leader CHECK (id = 1)
);

-- Events, each committed with the state that it tells of, until the broker has confirmed them; afterwards for those who
-- want to see what was told.
CREATE TABLE orchestrator_outbox (
    event_id UUID PRIMARY KEY,
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    event_type TEXT NOT NULL,
    payload JSON NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    published_at TIMESTAMPTZ,             -- NULL: not confirmed yet
    attempts INTEGER NOT NULL DEFAULT 0,  -- that the broker did not confirm
    problem TEXT NOT NULL DEFAULT '',     -- of the last of them
    not_before TIMESTAMPTZ                -- the next attempt; NULL: at once
);
CREATE INDEX idx_outbox_unpublished ON orchestrator_outbox (attempts, event_id) WHERE published_at IS NULL;

CREATE TABLE orchestrator_metrics (
    id UUID PRIMARY KEY,
    metric_date DATE NOT NULL,
    workflow_name VARCHAR(255),
    total_executions INTEGER NOT NULL DEFAULT 0,
    successful_executions INTEGER NOT NULL DEFAULT 0,
    failed_executions INTEGER NOT NULL DEFAULT 0,
    avg_duration_seconds INTEGER,
    min_duration_seconds INTEGER,
    max_duration_seconds INTEGER,
    success_rate_percentage DECIMAL(5, 2),
    avg_retry_count DECIMAL(5, 2),
    calculated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (metric_date, workflow_name)
);
CREATE INDEX idx_metrics_date ON orchestrator_metrics (metric_date DESC);
