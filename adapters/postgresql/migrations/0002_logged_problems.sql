-- A line is logged with each outcome, and an index entry for it took a tenth of the journal's time in the database. What is
-- looked for by step are the lines that tell of a problem; all others are read in their sequence.
DROP INDEX idx_execution_logs_execution;
CREATE INDEX idx_execution_logs_execution ON orchestrator_execution_logs (execution_id, step_index)
    WHERE log_level <> 'info';
