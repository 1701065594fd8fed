-- Runs that end without being worked on.

-- How many steps and tenants it has, if their time has come by the clock of the database, too. $2: by cancellation; $3:
-- grace in milliseconds.
-- name: is_time
SELECT steps_total, tenants_total FROM orchestrator_executions
WHERE id = $1 AND status IN ('pending', 'running') AND CASE
    WHEN NOT $2 THEN deadline_at + $3::bigint * INTERVAL '1 millisecond' <= least($4, clock_timestamp())
    WHEN $3::bigint = 0 THEN cancel_requested
    ELSE cancel_requested_at + $3::bigint * INTERVAL '1 millisecond' <= least($4, clock_timestamp()) END;

-- name: holders
SELECT DISTINCT claimed_by FROM orchestrator_tenant_runs
WHERE execution_id = $1 AND id >= (SELECT first_run FROM orchestrator_executions WHERE id = $1)
  AND id <= (SELECT last_run FROM orchestrator_executions WHERE id = $1) AND status = 'running';

-- The next $3 after $2, of those that wait and of those that $4 hold; what is being claimed at this moment is not among
-- them. With the number of their steps, carried over ones included, whether some of them may have an outcome, and which
-- service they waited to call.
-- name: end
WITH chosen AS MATERIALIZED (
    SELECT id FROM orchestrator_tenant_runs
    WHERE execution_id = $1 AND id > $2 AND id >= (SELECT first_run FROM orchestrator_executions WHERE id = $1)
      AND id <= (SELECT last_run FROM orchestrator_executions WHERE id = $1)
      AND (status = 'pending' OR (status = 'running' AND claimed_by = ANY ($4)))
    ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE orchestrator_tenant_runs r SET turn = NULL, not_before = NULL, waits = NULL, claim_token = claim_token + 1,
    completed_at = $6, status = CASE
        WHEN $5 THEN 'cancelled'
        WHEN claim_token > 0 AND EXISTS (
            SELECT FROM orchestrator_step_results
            WHERE execution_id = $1 AND tenant_run_id = r.id AND status = 'completed' AND NOT carried_over) THEN 'partial'
        ELSE 'failed' END
WHERE id IN (SELECT id FROM chosen)
RETURNING id, status, CASE
    WHEN claim_token = 1 AND (SELECT retry_of FROM orchestrator_executions WHERE id = $1) IS NULL THEN steps_total
    ELSE steps_total + (SELECT count(*) FROM orchestrator_step_results
                        WHERE execution_id = $1 AND tenant_run_id = r.id AND carried_over) END,
    claim_token > 1 OR (SELECT retry_of FROM orchestrator_executions WHERE id = $1) IS NOT NULL, next_service;

-- Of these runs, with the numbers of their steps, each step that has no outcome; of those with $4 it is looked whether it
-- has. $5: the service that each waited to call, $9: the words before it. Returns how many by step.
-- name: skip_steps
WITH skipped AS (
    INSERT INTO orchestrator_step_results (execution_id, tenant_run_id, step_index, status, attempts, http_status,
        started_at, duration_ms, error_code, error_message)
    SELECT $1, id, step, 'skipped', 0, 0, $6, 0, $7,
        $8 || CASE WHEN service <> '' AND $9 <> '' THEN $9 || service ELSE '' END
    FROM (SELECT unnest($2) AS id, unnest($3) AS steps, unnest($4) AS may_have_some, unnest($5) AS service) AS run,
         generate_series(0, steps - 1) AS step
    WHERE NOT may_have_some OR (SELECT step_index FROM orchestrator_step_results
                                WHERE execution_id = $1 AND tenant_run_id = run.id AND step_index = step) IS NULL
    RETURNING step_index
)
SELECT step_index, count(*) FROM skipped GROUP BY step_index;

-- Some claims under the old ones hold no longer.
-- name: renumber_leases
UPDATE orchestrator_instances SET lease_number = DEFAULT WHERE instance_id = ANY ($1);
