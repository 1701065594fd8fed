-- When workflows run: what people write of it, what was decided, and calendars of holidays.

-- The fields of the schedule beside cron_expression and timezone, as JSON. NULL: as they are when nobody says anything.
ALTER TABLE orchestrator_workflows ADD COLUMN schedule TEXT CHECK (schedule IS NULL OR json_valid(schedule));
-- Grows with each change of the schedule: what was decided from an older one is refused.
ALTER TABLE orchestrator_workflows ADD COLUMN schedule_version INTEGER NOT NULL DEFAULT 0;
-- Every occurrence up to here is decided: started, missed or overlapped. NULL: the schedule was never looked at.
ALTER TABLE orchestrator_workflows ADD COLUMN decided_until INTEGER;
-- Why nothing can be decided at present; empty: all is well.
ALTER TABLE orchestrator_workflows ADD COLUMN schedule_problem TEXT NOT NULL DEFAULT '';

-- Definitions that executions took snapshots of, each kept once however many executions ran it.
CREATE TABLE orchestrator_definitions (
    id INTEGER PRIMARY KEY,
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    definition TEXT NOT NULL CHECK (json_valid(definition))
);
CREATE INDEX idx_definitions_workflow ON orchestrator_definitions (workflow_id);
INSERT INTO orchestrator_definitions (workflow_id, definition)
    SELECT DISTINCT workflow_id, definition
    FROM orchestrator_execution_definitions JOIN orchestrator_executions ON id = execution_id;

-- With the occurrence that an execution is; with CHECKs as ORs, for thousands may be written in one second; and without
-- idx_executions_tenant_date and idx_executions_workflow_date, which nothing reads.
CREATE TABLE new_executions (
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
    created_at INTEGER NOT NULL,
    CHECK (tenants_completed + tenants_partial + tenants_failed + tenants_cancelled <= tenants_total),
    CHECK (steps_completed + steps_failed + steps_skipped <= steps_total)
);
INSERT INTO new_executions (id, workflow_id, workflow_name, execution_type, triggered_by, tenant_id, retry_of,
    idempotency_key, tenant_filter, definition_id, status, planning_complete, cancel_requested, started_at,
    completed_at, duration_seconds, deadline_at, tenants_total, tenants_completed, tenants_partial, tenants_failed,
    tenants_cancelled, steps_completed, steps_total, steps_failed, steps_skipped, retries, error_message,
    result_summary, first_log_id, last_log_id, executed_by_instance, created_at)
SELECT e.id, e.workflow_id, workflow_name, execution_type, triggered_by, tenant_id, retry_of, idempotency_key,
    tenant_filter, d.id, status, planning_complete, cancel_requested, started_at, completed_at, duration_seconds,
    deadline_at, tenants_total, tenants_completed, tenants_partial, tenants_failed, tenants_cancelled,
    steps_completed, steps_total, steps_failed, steps_skipped, retries, error_message, result_summary, first_log_id,
    last_log_id, executed_by_instance, created_at
FROM orchestrator_executions e JOIN orchestrator_execution_definitions s ON s.execution_id = e.id
    JOIN orchestrator_definitions d ON d.workflow_id = e.workflow_id AND d.definition = s.definition;
DROP TABLE orchestrator_execution_definitions;
DROP TABLE orchestrator_executions;
ALTER TABLE new_executions RENAME TO orchestrator_executions;

CREATE UNIQUE INDEX idx_executions_idempotency ON orchestrator_executions (workflow_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_executions_status ON orchestrator_executions (status, started_at);
CREATE INDEX idx_executions_workflow_status ON orchestrator_executions (workflow_id, status);
-- An occurrence is one execution, whoever opens it and however often.
CREATE UNIQUE INDEX idx_executions_occurrence ON orchestrator_executions (workflow_id, scheduled_for)
    WHERE scheduled_for IS NOT NULL;

-- Nothing reads it, and it would be written with each decision.
DROP INDEX idx_workflows_enabled;

-- What became of each occurrence that was due.
CREATE TABLE orchestrator_schedule_occurrences (
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    scheduled_for INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome = 'started' OR outcome = 'missed' OR outcome = 'overlapped'),
    reason TEXT NOT NULL DEFAULT '',
    execution_id BLOB,  -- the one that it started, or that it would have overlapped
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, scheduled_for)
) WITHOUT ROWID;

-- Each schedule that a workflow ever had, so that a past day can be explained.
CREATE TABLE orchestrator_schedule_versions (
    workflow_id BLOB NOT NULL REFERENCES orchestrator_workflows (id),
    schedule_version INTEGER NOT NULL,
    schedule TEXT NOT NULL CHECK (json_valid(schedule)),  -- all fields
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, schedule_version)
) WITHOUT ROWID;

-- Every version of every calendar; the newest one holds.
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

-- Occurrences of the past that somebody wants made up for.
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
) WITHOUT ROWID;

CREATE TABLE orchestrator_backfill_occurrences (
    backfill_id BLOB NOT NULL REFERENCES orchestrator_backfills (id),
    scheduled_for INTEGER NOT NULL,
    execution_id BLOB,  -- NULL: not opened yet
    PRIMARY KEY (backfill_id, scheduled_for)
) WITHOUT ROWID;

-- On which clocks and by which calendars the tenants live, as of the last look at the tenant service.
CREATE TABLE orchestrator_tenant_groups (
    timezone TEXT NOT NULL,
    calendar TEXT NOT NULL,
    tenants INTEGER NOT NULL,
    PRIMARY KEY (timezone, calendar)
) WITHOUT ROWID;

-- Grows with each change that makes it worth reading the schedules again.
CREATE TABLE orchestrator_schedule_revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
);
INSERT INTO orchestrator_schedule_revision (id, revision) VALUES (1, 0);
