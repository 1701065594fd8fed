-- Runs that end without being worked on.

-- The last of the next ?3 after ?2 and how many there are, of those that wait and, with ?4, of those that are held.
-- name: next_runs
SELECT max(id), count(*), max(steps) FROM (
    SELECT id, steps_total + (SELECT count(*) FROM orchestrator_step_results
                                  WHERE tenant_run_id = r.id AND carried_over = 1) AS steps
    FROM orchestrator_tenant_runs r
    WHERE execution_id = ?1 AND id > ?2 AND (status = 'pending' OR (?4 AND status = 'running'))
    ORDER BY id LIMIT ?3);

-- Step ?5 of those between, where it has no outcome. ?9: the words before the service that a run waited to call.
-- name: skip_step
INSERT INTO orchestrator_step_results (tenant_run_id, step_index, status, attempts, http_status, carried_over, started_at,
    duration_ms, error_code, error_message)
SELECT id, ?5, 'skipped', 0, 0, 0, ?6, 0, ?7,
    ?8 || CASE WHEN next_service <> '' AND ?9 <> '' THEN ?9 || next_service ELSE '' END
FROM orchestrator_tenant_runs r
WHERE execution_id = ?1 AND id > ?2 AND id <= ?3 AND (status = 'pending' OR (?4 AND status = 'running'))
  AND ?5 < steps_total + (SELECT count(*) FROM orchestrator_step_results WHERE tenant_run_id = r.id AND carried_over = 1)
  AND NOT EXISTS (SELECT 1 FROM orchestrator_step_results WHERE tenant_run_id = r.id AND step_index = ?5);

-- Those of them in which a step completed.
-- name: end_partial
UPDATE orchestrator_tenant_runs SET status = 'partial', completed_at = ?5, not_before = NULL, waits = NULL,
    claim_token = claim_token + 1
WHERE execution_id = ?1 AND id > ?2 AND id <= ?3 AND (status = 'pending' OR (?4 AND status = 'running'))
  AND EXISTS (SELECT 1 FROM orchestrator_step_results
              WHERE tenant_run_id = orchestrator_tenant_runs.id AND status = 'completed' AND carried_over = 0);

-- name: end
UPDATE orchestrator_tenant_runs SET status = ?6, completed_at = ?5, not_before = NULL, waits = NULL,
    claim_token = claim_token + 1
WHERE execution_id = ?1 AND id > ?2 AND id <= ?3 AND (status = 'pending' OR (?4 AND status = 'running'));
