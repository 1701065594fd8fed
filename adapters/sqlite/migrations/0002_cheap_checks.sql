-- The same tables with their CHECKs as ORs: for `IN` with more than two values SQLite builds a temporary table each time
-- a row is written, a quarter of all the time that an outcome took. And without idx_execution_logs_execution, which
-- nothing reads: the logs of an execution lie between its first_log_id and last_log_id.

CREATE TABLE new_tenant_runs (
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
    completed_at INTEGER,
    UNIQUE (execution_id, tenant_id)
);
INSERT INTO new_tenant_runs SELECT * FROM orchestrator_tenant_runs;
DROP TABLE orchestrator_tenant_runs;
ALTER TABLE new_tenant_runs RENAME TO orchestrator_tenant_runs;

CREATE INDEX idx_tenant_runs_execution ON orchestrator_tenant_runs (execution_id);
CREATE INDEX idx_tenant_runs_turn ON orchestrator_tenant_runs (fair_rank) WHERE status = 'pending' AND not_before IS NULL;
CREATE INDEX idx_tenant_runs_parked ON orchestrator_tenant_runs (not_before)
    WHERE status = 'pending' AND not_before IS NOT NULL;

CREATE TABLE new_step_results (
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
INSERT INTO new_step_results SELECT * FROM orchestrator_step_results;
DROP TABLE orchestrator_step_results;
ALTER TABLE new_step_results RENAME TO orchestrator_step_results;

CREATE TABLE new_execution_logs (
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
INSERT INTO new_execution_logs SELECT * FROM orchestrator_execution_logs;
DROP TABLE orchestrator_execution_logs;
ALTER TABLE new_execution_logs RENAME TO orchestrator_execution_logs;
