-- name: lowest_rank
SELECT min(fair_rank) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL;

-- Those that the execution has already are left out first, so that planning again uses up no ids; the conflict is for
-- who plans at the same moment.
-- name: insert
INSERT INTO orchestrator_tenant_runs (execution_id, tenant_id, tenant_name, subscription_tier, timezone, fair_rank,
    steps_total)
SELECT $1, tenant_id, tenant_name, subscription_tier, timezone, fair_rank, steps_total
FROM (SELECT DISTINCT ON (tenant_id) * FROM unnest($2, $3, $4, $5, $6, $7) WITH ORDINALITY
          AS planned (tenant_id, tenant_name, subscription_tier, timezone, fair_rank, steps_total, number)
      ORDER BY tenant_id, number) AS wanted
WHERE NOT EXISTS (SELECT FROM orchestrator_tenant_runs r WHERE execution_id = $1 AND r.tenant_id = wanted.tenant_id)
ORDER BY number
ON CONFLICT (execution_id, tenant_id) DO NOTHING
RETURNING id, tenant_id;

-- Runs whose wait is over have waited for their turn already: they go first. What another instance is claiming at this
-- moment is left to it.
-- name: claim
WITH due AS MATERIALIZED (
    SELECT id, row_number() OVER () AS turn FROM (
        SELECT id FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before <= $3
        ORDER BY not_before, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) AS waited
), in_turn AS MATERIALIZED (
    SELECT id, row_number() OVER () + (SELECT count(*) FROM due) AS turn FROM (
        SELECT id FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL
        ORDER BY fair_rank, id LIMIT $2 - (SELECT count(*) FROM due) FOR NO KEY UPDATE SKIP LOCKED) AS first
), chosen AS MATERIALIZED (
    SELECT * FROM due UNION ALL SELECT * FROM in_turn
), claimed AS (
    UPDATE orchestrator_tenant_runs r SET status = 'running', not_before = NULL, claimed_by = $1,
        claim_token = claim_token + 1, started_at = coalesce(r.started_at, $3)
    FROM chosen WHERE r.id = chosen.id
    RETURNING turn, r.id, claim_token, execution_id, r.tenant_id, tenant_name, subscription_tier, r.timezone, waits
)
SELECT c.id, claim_token, execution_id, c.tenant_id, tenant_name, subscription_tier, timezone, waits, cancel_requested,
    claim_token > 1 OR retry_of IS NOT NULL
FROM claimed c JOIN orchestrator_executions e ON e.id = execution_id ORDER BY turn;

-- name: count_open
SELECT count(*) FROM (
    (SELECT FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NULL LIMIT $1)
    UNION ALL (SELECT FROM orchestrator_tenant_runs WHERE status = 'running' LIMIT $1)
    LIMIT $1) AS open;

-- name: next_parked
SELECT min(not_before) FROM orchestrator_tenant_runs WHERE status = 'pending' AND not_before IS NOT NULL;

-- Until the end of the transaction nobody takes a claim of these instances away.
-- name: hold_instances
SELECT FROM orchestrator_instances WHERE instance_id = ANY ($1) ORDER BY instance_id FOR KEY SHARE;

-- For who takes claims away: waits for those who record under them.
-- name: seize_instances
SELECT FROM orchestrator_instances WHERE instance_id = ANY ($1) ORDER BY instance_id FOR UPDATE;

-- Fails (SQLSTATE 22012) unless every claim holds. The status is no condition of the join, so that the runs are found by
-- their ids: the partial index of the running ones is full of those that were.
-- name: check_claims
SELECT 1 / (count(*) FILTER (WHERE claim_token = token AND status = 'running') = cardinality($1))::integer
FROM orchestrator_tenant_runs r JOIN unnest($1, $2) AS claim (run, token) ON r.id = run;

-- name: held_claims
SELECT r.id, claim_token FROM orchestrator_tenant_runs r JOIN unnest($1, $2) AS claim (run, token)
    ON r.id = run AND claim_token = token AND status = 'running';

-- name: recorded_steps
SELECT tenant_run_id, step_index FROM orchestrator_step_results
WHERE execution_id = ANY ($1) AND tenant_run_id = ANY ($2);

-- name: end
UPDATE orchestrator_tenant_runs r SET status = ended.status, completed_at = $3, waits = NULL
FROM unnest($1, $2) AS ended (run, status) WHERE r.id = run;

-- name: park
UPDATE orchestrator_tenant_runs r SET status = 'pending', waits = parked.waits::json, claimed_by = NULL,
    not_before = CASE WHEN e.cancel_requested THEN NULL ELSE parked.not_before END
FROM unnest($1, $2, $3) AS parked (run, not_before, waits), orchestrator_executions e
WHERE r.id = run AND e.id = execution_id;

-- name: insert_results
INSERT INTO orchestrator_step_results (execution_id, tenant_run_id, step_index, status, attempts, http_status,
    carried_over, started_at, duration_ms, result, error_code, error_message)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: results
SELECT tenant_run_id, step_index, status, attempts, http_status, carried_over, started_at, duration_ms, result,
       error_code, error_message
FROM orchestrator_step_results WHERE execution_id = ANY ($1) AND tenant_run_id = ANY ($2)
ORDER BY tenant_run_id, step_index;

-- name: list
SELECT id, tenant_id, tenant_name, subscription_tier, timezone, status, not_before, started_at, completed_at, claimed_by
FROM orchestrator_tenant_runs
WHERE execution_id = $1 AND id > $2 AND ($3 IS NULL OR status = $3) AND (NOT $4 OR status IN ('failed', 'partial'))
  AND ($5 IS NULL OR tenant_id = $5)
ORDER BY id LIMIT $6;

-- name: renew_lease
INSERT INTO orchestrator_instances (instance_id, lease_until) VALUES ($1, $2)
ON CONFLICT (instance_id) DO UPDATE SET lease_until = excluded.lease_until
RETURNING xmax = 0;  -- it had no lease

-- name: live_instances
SELECT instance_id FROM orchestrator_instances WHERE lease_until >= $1 ORDER BY instance_id;

-- name: release_unknown
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL
WHERE status = 'running' AND claimed_by = $1 AND id <> ALL ($2);

-- name: lost_instances
SELECT instance_id FROM orchestrator_instances WHERE lease_until < $1 AND instance_id <> $2
ORDER BY instance_id FOR UPDATE SKIP LOCKED;

-- name: give_back_all
UPDATE orchestrator_tenant_runs SET status = 'pending', claimed_by = NULL
WHERE status = 'running' AND claimed_by = ANY ($1);

-- name: forget_instances
DELETE FROM orchestrator_instances WHERE instance_id = ANY ($1);

-- name: last_batch
SELECT last_batch FROM orchestrator_journal_writers WHERE writer_id = $1;

-- Fails (SQLSTATE 22012) if the batch is there already. Waits for a commit of the same batch whose answer was lost.
-- name: note_batch
WITH noted AS (
    INSERT INTO orchestrator_journal_writers AS writer (writer_id, last_batch) VALUES ($1, $2)
    ON CONFLICT (writer_id) DO UPDATE SET last_batch = excluded.last_batch, written_at = now()
        WHERE writer.last_batch < excluded.last_batch
    RETURNING 1
)
SELECT 1 / count(*) FROM noted;

-- name: forget_old_writers
DELETE FROM orchestrator_journal_writers WHERE written_at < now() - INTERVAL '7 days';
