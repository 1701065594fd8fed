-- planning_complete: planning is over. planned_to_end: and every tenant that takes part has a run.
ALTER TABLE orchestrator_executions ADD COLUMN planned_to_end BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE orchestrator_executions SET planned_to_end = TRUE
WHERE planning_complete AND error_message = '' AND NOT cancel_requested;
ALTER TABLE orchestrator_executions ADD CHECK (planning_complete OR NOT planned_to_end);

-- Those that are open, in their order: they are few, and looked for all the time, however long the history is.
CREATE INDEX idx_executions_open ON orchestrator_executions (id) WHERE status IN ('pending', 'running');

-- The instance that plans it, as long as that has a row in orchestrator_instances; empty: nobody has taken it up yet.
ALTER TABLE orchestrator_executions ADD COLUMN planned_by TEXT NOT NULL DEFAULT '';
