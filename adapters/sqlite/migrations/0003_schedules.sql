-- When workflows run: what people write of it, what was decided, and calendars of holidays.

-- The fields of the schedule beside cron_expression and timezone, as JSON. NULL: as they are when nobody says anything.
ALTER TABLE orchestrator_workflows ADD COLUMN schedule TEXT CHECK (schedule IS NULL OR json_valid(schedule));
-- Grows with each change of the schedule: what was decided from an older one is refused.
ALTER TABLE orchestrator_workflows ADD COLUMN schedule_version INTEGER NOT NULL DEFAULT 0;
-- Every occurrence up to here is decided: started, missed or overlapped. NULL: the schedule was never looked at.
ALTER TABLE orchestrator_workflows ADD COLUMN decided_until INTEGER;
-- Why nothing can be decided at present; empty: all is well.
ALTER TABLE orchestrator_workflows ADD COLUMN schedule_problem TEXT NOT NULL DEFAULT '';

ALTER TABLE orchestrator_executions ADD COLUMN scheduled_for INTEGER;
-- Which part of the tenants it is for; empty: all to whom the occurrence is due.
ALTER TABLE orchestrator_executions ADD COLUMN tenant_scope TEXT NOT NULL DEFAULT '';
-- The clocks and calendars that the occurrence is due on, one a line; empty: one for all. Tells who would overlap.
ALTER TABLE orchestrator_executions ADD COLUMN tenant_groups TEXT NOT NULL DEFAULT '';
ALTER TABLE orchestrator_executions ADD COLUMN is_backfill INTEGER NOT NULL DEFAULT 0 CHECK (is_backfill IN (0, 1));

-- An occurrence is one execution, whoever opens it and however often.
CREATE UNIQUE INDEX idx_executions_occurrence ON orchestrator_executions (workflow_id, scheduled_for, tenant_scope)
    WHERE scheduled_for IS NOT NULL;

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
