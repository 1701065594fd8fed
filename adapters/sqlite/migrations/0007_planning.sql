-- planning_complete: planning is over. planned_to_end: and every tenant that takes part has a run.
ALTER TABLE orchestrator_executions ADD COLUMN planned_to_end INTEGER NOT NULL DEFAULT 0
    CHECK (planned_to_end = 0 OR (planned_to_end = 1 AND planning_complete = 1));
UPDATE orchestrator_executions SET planned_to_end = 1
WHERE planning_complete = 1 AND error_message = '' AND cancel_requested = 0;

-- For who looks for the retries of an execution, or deletes it.
CREATE INDEX idx_executions_retry ON orchestrator_executions (retry_of) WHERE retry_of IS NOT NULL;

-- The instance that plans it, as long as that has a row in orchestrator_instances; empty: nobody has taken it up yet.
ALTER TABLE orchestrator_executions ADD COLUMN planned_by TEXT NOT NULL DEFAULT '';
