-- What the migrations make: version 11. Compared by sqlite_store_test.cpp.

CREATE TABLE orchestrator_backfill_occurrences (
    backfill_id BLOB NOT NULL REFERENCES orchestrator_backfills (id),
    scheduled_for INTEGER NOT NULL,
    execution_id BLOB,  -- NULL: not opened yet
    PRIMARY KEY (backfill_id, scheduled_for)
) WITHOUT ROWID;

CREATE TABLE orchestrator_backfills (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    workflow_name TEXT NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)),  -- what it runs, whatever becomes of the workflow
    start_date TEXT NOT NULL,  -- as it was asked for, both inclusive
    end_date TEXT NOT NULL,
    max_concurrent INTEGER NOT NULL CHECK (max_concurrent > 0),
    created_at INTEGER NOT NULL,
    cancelled_at INTEGER
, done_at INTEGER) WITHOUT ROWID;

CREATE INDEX idx_backfills_to_do ON orchestrator_backfills (id) WHERE done_at IS NULL;

CREATE TABLE orchestrator_broker (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    problem TEXT NOT NULL DEFAULT ''  -- why events wait; empty: they do not
);

CREATE TABLE orchestrator_calendars (
    calendar TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    parent TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL CHECK (json_valid(source)),
    is_builtin INTEGER NOT NULL DEFAULT 0 CHECK (is_builtin IN (0, 1)),  -- came with the program, changed by nobody
    is_deleted INTEGER NOT NULL DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (calendar, version)
) WITHOUT ROWID;

CREATE TABLE orchestrator_definitions (
    id INTEGER PRIMARY KEY,
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    definition TEXT NOT NULL CHECK (json_valid(definition))
);

CREATE INDEX idx_definitions_workflow ON orchestrator_definitions (workflow_id);

CREATE TABLE "orchestrator_execution_logs" (
    id INTEGER PRIMARY KEY,
    execution_id BLOB NOT NULL,
    tenant_id BLOB,
    step_name TEXT NOT NULL,
    step_index INTEGER NOT NULL,
    log_level TEXT NOT NULL CHECK (log_level = 'info' OR log_level = 'warning' OR log_level = 'error'),
    log_message TEXT NOT NULL,
    log_data TEXT,
    logged_at INTEGER NOT NULL
);

CREATE TABLE "orchestrator_executions" (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    workflow_name TEXT NOT NULL,
    execution_type TEXT NOT NULL
        CHECK (execution_type = 'scheduled' OR execution_type = 'manual' OR execution_type = 'retry'),
    triggered_by BLOB,
    tenant_id BLOB,
    retry_of BLOB REFERENCES orchestrator_executions (id),
    idempotency_key TEXT,
    tenant_filter TEXT NOT NULL DEFAULT '{}' CHECK (tenant_filter = '{}' OR json_valid(tenant_filter)),
    definition_id INTEGER NOT NULL REFERENCES orchestrator_definitions (id),
    scheduled_for INTEGER,
    -- The clocks and calendars that the occurrence is due on, one a line; empty: one for all. Tells who would overlap.
    tenant_groups TEXT NOT NULL DEFAULT '',
    is_backfill INTEGER NOT NULL DEFAULT 0 CHECK (is_backfill IN (0, 1)),
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status = 'pending' OR status = 'running' OR status = 'completed' OR status = 'partial'
            OR status = 'failed' OR status = 'cancelled'),
    planning_complete INTEGER NOT NULL DEFAULT 0 CHECK (planning_complete IN (0, 1)),
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    started_at INTEGER,
    completed_at INTEGER,
    duration_seconds INTEGER,
    deadline_at INTEGER NOT NULL,
    tenants_total INTEGER NOT NULL DEFAULT 0,
    tenants_completed INTEGER NOT NULL DEFAULT 0,
    tenants_partial INTEGER NOT NULL DEFAULT 0,
    tenants_failed INTEGER NOT NULL DEFAULT 0,
    tenants_cancelled INTEGER NOT NULL DEFAULT 0,
    steps_completed INTEGER NOT NULL DEFAULT 0,
    steps_total INTEGER NOT NULL DEFAULT 0,
    steps_failed INTEGER NOT NULL DEFAULT 0,
    steps_skipped INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    error_message TEXT NOT NULL DEFAULT '',
    result_summary TEXT,
    first_log_id INTEGER,
    last_log_id INTEGER,
    executed_by_instance TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL, planned_to_end INTEGER NOT NULL DEFAULT 0
    CHECK (planned_to_end = 0 OR (planned_to_end = 1 AND planning_complete = 1)), planned_by TEXT NOT NULL DEFAULT '', cancel_requested_at INTEGER, is_forgotten INTEGER NOT NULL DEFAULT 0,
    CHECK (tenants_completed + tenants_partial + tenants_failed + tenants_cancelled <= tenants_total),
    CHECK (steps_completed + steps_failed + steps_skipped <= steps_total)
);

CREATE INDEX idx_executions_definition ON orchestrator_executions (definition_id);

CREATE UNIQUE INDEX idx_executions_idempotency ON orchestrator_executions (workflow_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE UNIQUE INDEX idx_executions_occurrence ON orchestrator_executions (workflow_id, scheduled_for)
    WHERE scheduled_for IS NOT NULL;

CREATE INDEX idx_executions_retry ON orchestrator_executions (retry_of) WHERE retry_of IS NOT NULL;

CREATE INDEX idx_executions_status ON orchestrator_executions (status, started_at);

CREATE INDEX idx_executions_workflow_status ON orchestrator_executions (workflow_id, status);

CREATE VIEW orchestrator_executions_read AS
SELECT e.id, e.workflow_id, workflow_name, execution_type, retry_of, idempotency_key, tenant_filter, definition, status,
       planning_complete, cancel_requested, created_at, started_at, completed_at, deadline_at, error_message,
       executed_by_instance, tenants_total, tenants_completed, tenants_partial, tenants_failed, tenants_cancelled,
       steps_total, steps_completed, steps_failed, steps_skipped, retries, scheduled_for, is_backfill, result_summary,
       planned_to_end, cancel_requested_at
FROM orchestrator_executions e JOIN orchestrator_definitions d ON d.id = definition_id
WHERE is_forgotten = 0;

CREATE TABLE orchestrator_history (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    aged_to INTEGER  -- NULL: not counted yet
);

CREATE TABLE orchestrator_instances (
    instance_id TEXT NOT NULL PRIMARY KEY,
    lease_until INTEGER NOT NULL
) WITHOUT ROWID;

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

CREATE INDEX idx_outbox_fresh ON orchestrator_outbox (event_id) WHERE published_at IS NULL AND attempts = 0;

CREATE INDEX idx_outbox_refused ON orchestrator_outbox (not_before, event_id) WHERE published_at IS NULL AND attempts > 0;

CREATE TABLE orchestrator_schedule_occurrences (
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    scheduled_for INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome = 'started' OR outcome = 'missed' OR outcome = 'overlapped'),
    reason TEXT NOT NULL DEFAULT '',
    execution_id BLOB,  -- the one that it started, or that it would have overlapped
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, scheduled_for)
) WITHOUT ROWID;

CREATE INDEX idx_occurrences_decided ON orchestrator_schedule_occurrences (decided_at);

CREATE TABLE orchestrator_schedule_revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
);

CREATE TABLE orchestrator_schedule_versions (
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    schedule_version INTEGER NOT NULL,
    schedule TEXT NOT NULL CHECK (json_valid(schedule)),  -- all fields
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, schedule_version)
) WITHOUT ROWID;

CREATE TABLE orchestrator_service_settings (
    service TEXT PRIMARY KEY,
    max_calls INTEGER CHECK (max_calls > 0),  -- in flight from each instance; NULL: as configured
    paused_until INTEGER,                     -- NULL, or in the past: not paused
    reason TEXT NOT NULL DEFAULT '',
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE orchestrator_step_counts (
    execution_id BLOB NOT NULL REFERENCES orchestrator_executions (id) ON DELETE CASCADE,
    step_index INTEGER NOT NULL,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution_id, step_index)
) WITHOUT ROWID;

CREATE TABLE orchestrator_step_latencies (
    execution_id BLOB NOT NULL REFERENCES orchestrator_executions (id) ON DELETE CASCADE,
    step_index INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (execution_id, step_index, bucket)
) WITHOUT ROWID;

CREATE TABLE "orchestrator_step_results" (
    id INTEGER PRIMARY KEY,
    tenant_run_id INTEGER NOT NULL,
    step_index INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status = 'completed' OR status = 'failed' OR status = 'skipped'),
    attempts INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    carried_over INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    result TEXT,
    error_code TEXT,
    error_message TEXT,
    UNIQUE (tenant_run_id, step_index)
);

CREATE TABLE orchestrator_tenant_groups (
    timezone TEXT NOT NULL,
    calendar TEXT NOT NULL,
    tenants INTEGER NOT NULL,
    PRIMARY KEY (timezone, calendar)
) WITHOUT ROWID;

CREATE TABLE "orchestrator_tenant_runs" (
    id INTEGER PRIMARY KEY,
    execution_id BLOB NOT NULL REFERENCES orchestrator_executions (id) ON DELETE CASCADE,
    tenant_id BLOB NOT NULL CHECK (length(tenant_id) = 16),
    tenant_name TEXT NOT NULL,
    subscription_tier TEXT NOT NULL,
    timezone TEXT NOT NULL,
    fair_rank INTEGER NOT NULL,
    steps_total INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status = 'pending' OR status = 'running' OR status = 'completed' OR status = 'partial'
            OR status = 'failed' OR status = 'cancelled'),
    not_before INTEGER,                      -- parked until then; NULL: may start at once
    waits TEXT CHECK (waits IS NULL OR json_valid(waits)),  -- attempts of the steps that wait for a retry
    claimed_by TEXT,
    claim_token INTEGER NOT NULL DEFAULT 0,  -- grows with each claim; older ones are refused
    started_at INTEGER,
    completed_at INTEGER, next_service TEXT NOT NULL DEFAULT '',
    UNIQUE (execution_id, tenant_id)
);

CREATE INDEX idx_tenant_runs_execution ON orchestrator_tenant_runs (execution_id);

CREATE INDEX idx_tenant_runs_parked ON orchestrator_tenant_runs (next_service, not_before)
    WHERE status = 'pending' AND not_before IS NOT NULL;

CREATE INDEX idx_tenant_runs_turn ON orchestrator_tenant_runs (next_service, fair_rank)
    WHERE status = 'pending' AND not_before IS NULL;

CREATE TABLE orchestrator_workflows (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workflow_name TEXT NOT NULL CHECK (length(workflow_name) BETWEEN 1 AND 255),
    workflow_type TEXT NOT NULL CHECK (workflow_type IN ('daily', 'weekly', 'monthly', 'on_demand')),
    description TEXT NOT NULL DEFAULT '',
    cron_expression TEXT,
    timezone TEXT NOT NULL DEFAULT 'Europe/Madrid',
    is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
    max_execution_time_seconds INTEGER NOT NULL DEFAULT 3600 CHECK (max_execution_time_seconds > 0),
    max_retries INTEGER NOT NULL DEFAULT 3 CHECK (max_retries >= 0),
    retry_delay_seconds INTEGER NOT NULL DEFAULT 300 CHECK (retry_delay_seconds >= 0),
    steps TEXT NOT NULL CHECK (json_valid(steps)),
    last_execution_at INTEGER,
    last_success_at INTEGER,
    last_failure_at INTEGER,
    next_execution_at INTEGER,
    consecutive_failures INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
, schedule TEXT CHECK (schedule IS NULL OR json_valid(schedule)), schedule_version INTEGER NOT NULL DEFAULT 0, decided_until INTEGER, schedule_problem TEXT NOT NULL DEFAULT '') WITHOUT ROWID;

CREATE UNIQUE INDEX idx_workflows_name ON orchestrator_workflows (workflow_name) WHERE deleted_at IS NULL;
