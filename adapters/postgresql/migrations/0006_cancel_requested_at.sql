-- When its cancellation was requested: what is left of it some time later ends without those who hold it.
ALTER TABLE orchestrator_executions ADD COLUMN cancel_requested_at TIMESTAMPTZ;
