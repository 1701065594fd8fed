-- name: lowest_rank
SELECT min(fair_rank) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL;

-- name: insert
INSERT INTO orchestrator_tenant_runs (execution_id, tenant_id, tenant_name, subscription_tier, timezone, fair_rank,
    steps_total)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING;

-- name: has_lease
SELECT 1 FROM orchestrator_instances WHERE instance_id = ?1;

-- name: claimable
SELECT id FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL ORDER BY fair_rank, id LIMIT ?1;

-- name: due
SELECT id FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before <= ?2 ORDER BY not_before, id LIMIT ?1;

-- No RETURNING here and in insert: SQLite makes a temporary table for it each time, which costs more than the search.
-- name: claim
UPDATE orchestrator_tenant_runs SET status = 'running', not_before = NULL, claimed_by = ?2,
    claim_token = claim_token + 1, started_at = coalesce(started_at, ?3)
WHERE id = ?1;

-- name: claimed
SELECT claim_token, execution_id, r.tenant_id, tenant_name, subscription_tier, timezone, waits, e.cancel_requested,
    claim_token > 1 OR e.retry_of IS NOT NULL
FROM orchestrator_tenant_runs r JOIN orchestrator_executions e ON e.id = execution_id
WHERE r.id = ?1;

-- name: count_open
SELECT min(?1, (SELECT count(*) FROM (SELECT 1 FROM orchestrator_tenant_runs WHERE status = 'pending'
                                          AND not_before IS NULL LIMIT ?1))
             + (SELECT count(*) FROM (SELECT 1 FROM orchestrator_tenant_runs WHERE status = 'running' LIMIT ?1)));

-- name: next_parked
SELECT min(not_before) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NOT NULL;

-- name: holds_claim
SELECT 1 FROM orchestrator_tenant_runs WHERE id = ?1 AND claim_token = ?2 AND status = 'running';

-- name: end
UPDATE orchestrator_tenant_runs SET status = ?2, completed_at = ?3, waits = NULL WHERE id = ?1;

-- name: park
UPDATE orchestrator_tenant_runs SET status = 'pending', waits = ?3, claimed_by = NULL,
    not_before = CASE (SELECT cancel_requested FROM orchestrator_executions e WHERE e.id = execution_id)
                     WHEN 0 THEN ?2 END
WHERE id = ?1;

-- name: insert_result
INSERT INTO orchestrator_step_results (tenant_run_id, step_index, status, attempts, http_status, carried_over,
    started_at, duration_ms, result, error_code, error_message)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING;

-- name: results
SELECT step_index, status, attempts, http_status, carried_over, started_at, duration_ms, result, error_code,
       error_message
FROM orchestrator_step_results WHERE tenant_run_id = ?1 ORDER BY step_index;

-- name: list
SELECT id, tenant_id, tenant_name, subscription_tier, timezone, status, not_before, started_at, completed_at, claimed_by
FROM orchestrator_tenant_runs
WHERE execution_id = ?1 AND id > ?2 AND (?3 IS NULL OR status = ?3) AND (?4 = 0 OR status IN ('failed', 'partial'))
  AND (?5 IS NULL OR tenant_id = ?5)
ORDER BY id LIMIT ?6;

-- name: renew_lease
INSERT INTO orchestrator_instances (instance_id, lease_until) VALUES (?1, ?2)
ON CONFLICT DO UPDATE SET lease_until = excluded.lease_until;

-- name: has_lease
SELECT 1 FROM orchestrator_instances WHERE instance_id = ?1;

-- name: live_instances
SELECT instance_id FROM orchestrator_instances WHERE lease_until >= ?1 ORDER BY instance_id;

-- name: claimed_by
SELECT id, claim_token FROM orchestrator_tenant_runs WHERE status = 'running' AND claimed_by = ?1;

-- name: give_back
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL WHERE id = ?1;

-- name: lost_instances
SELECT instance_id FROM orchestrator_instances WHERE lease_until < ?1 AND instance_id <> ?2;

-- name: give_back_all
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL WHERE status = 'running' AND claimed_by = ?1;

-- name: forget_instance
DELETE FROM orchestrator_instances WHERE instance_id = ?1;

-- name: give_back_every_claim
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL WHERE status = 'running';

-- name: forget_every_instance
DELETE FROM orchestrator_instances;
