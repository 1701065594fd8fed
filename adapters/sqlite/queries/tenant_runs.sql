-- A lane of the queue is what waits for one service. Here and below the lanes are found by jumping from one to the next:
-- they are few, however many runs wait in each.
--
-- name: lowest_rank
WITH RECURSIVE lane (service) AS (
    SELECT min(next_service) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
    UNION ALL
    SELECT (SELECT min(next_service) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
            AND next_service > service) FROM lane WHERE service IS NOT NULL
)
SELECT min((SELECT min(fair_rank) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
            AND next_service = service)) FROM lane WHERE service IS NOT NULL;

-- name: insert
INSERT INTO orchestrator_tenant_runs (execution_id, tenant_id, tenant_name, subscription_tier, timezone, fair_rank,
    steps_total, next_service)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING;

-- name: has_lease
SELECT 1 FROM orchestrator_instances WHERE instance_id = ?1;

-- name: lanes_in_turn
WITH RECURSIVE lane (service) AS (
    SELECT min(next_service) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
    UNION ALL
    SELECT (SELECT min(next_service) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
            AND next_service > service) FROM lane WHERE service IS NOT NULL
)
SELECT service FROM lane WHERE service IS NOT NULL;

-- name: lanes_parked
WITH RECURSIVE lane (service) AS (
    SELECT min(next_service) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NOT NULL
    UNION ALL
    SELECT (SELECT min(next_service) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NOT NULL
            AND next_service > service) FROM lane WHERE service IS NOT NULL
)
SELECT service FROM lane WHERE service IS NOT NULL;

-- The first in one lane, up to that rank.
-- name: first_in_turn
SELECT id, fair_rank FROM orchestrator_tenant_runs
WHERE status = 'pending' AND not_before IS NULL AND next_service = ?1 AND fair_rank <= ?3 ORDER BY fair_rank, id LIMIT ?2;

-- The first in one lane, up to that time.
-- name: first_parked
SELECT id, not_before FROM orchestrator_tenant_runs
WHERE status = 'pending' AND next_service = ?1 AND not_before <= ?3 ORDER BY not_before, id LIMIT ?2;

-- No RETURNING here and in insert: SQLite makes a temporary table for it each time, which costs more than the search.
-- name: claim
UPDATE orchestrator_tenant_runs SET status = 'running', not_before = NULL, next_service = '', claimed_by = ?2,
    claim_token = claim_token + 1, started_at = coalesce(started_at, ?3)
WHERE id = ?1;

-- name: claimed
SELECT claim_token, execution_id, r.tenant_id, tenant_name, subscription_tier, timezone, waits, e.cancel_requested,
    claim_token > 1 OR e.retry_of IS NOT NULL
FROM orchestrator_tenant_runs r JOIN orchestrator_executions e ON e.id = execution_id
WHERE r.id = ?1;

-- By the counters of their executions.
-- name: count_unfinished
SELECT coalesce(sum(tenants_total - tenants_completed - tenants_partial - tenants_failed - tenants_cancelled), 0)
FROM orchestrator_executions WHERE status IN ('pending', 'running');

-- name: count_in_turn
SELECT count(*) FROM (SELECT 1 FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
                      AND next_service = ?1 LIMIT ?2);

-- name: count_parked
SELECT count(*) FROM (SELECT 1 FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before > ?3
                      AND next_service = ?1 LIMIT ?2);

-- name: holds_claim
SELECT 1 FROM orchestrator_tenant_runs WHERE id = ?1 AND claim_token = ?2 AND status = 'running';

-- name: end
UPDATE orchestrator_tenant_runs SET status = ?2, completed_at = ?3, waits = NULL WHERE id = ?1;

-- name: park
UPDATE orchestrator_tenant_runs SET status = 'pending', waits = ?3, claimed_by = NULL, not_before = ?2, next_service = ?4
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

-- Only what is open can hold a claim: nobody reads the runs of months to find one.
-- name: executions_under_way
SELECT id FROM orchestrator_executions WHERE status IN ('pending', 'running') ORDER BY id;

-- name: claimed_by
SELECT id, claim_token FROM orchestrator_tenant_runs WHERE execution_id = ?1 AND status = 'running' AND claimed_by = ?2;

-- name: give_back
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL
WHERE id = ?1 AND claim_token = ?2 AND status = 'running' AND claimed_by = ?3;

-- name: lost_instances
SELECT instance_id FROM orchestrator_instances WHERE lease_until < ?1 AND instance_id <> ?2;

-- name: give_back_all
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL
WHERE execution_id = ?1 AND status = 'running' AND claimed_by = ?2;

-- name: forget_instance
DELETE FROM orchestrator_instances WHERE instance_id = ?1;

-- name: give_back_every_claim
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL WHERE execution_id = ?1 AND status = 'running';

-- name: forget_every_instance
DELETE FROM orchestrator_instances;
