-- An execution as it is read, with the definition that it runs.
CREATE VIEW orchestrator_executions_read AS
SELECT e.id, e.workflow_id, workflow_name, execution_type, retry_of, idempotency_key, tenant_filter, definition, status,
       planning_complete, cancel_requested, created_at, started_at, completed_at, deadline_at, error_message,
       executed_by_instance, tenants_total, tenants_completed, tenants_partial, tenants_failed, tenants_cancelled,
       steps_total, steps_completed, steps_failed, steps_skipped, retries, scheduled_for, is_backfill, result_summary,
       planned_to_end, cancel_requested_at
FROM orchestrator_executions e JOIN orchestrator_definitions d ON d.id = definition_id;
