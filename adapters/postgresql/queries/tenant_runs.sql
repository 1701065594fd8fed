-- name: lowest_rank
SELECT min(turn) FROM orchestrator_lanes;

-- Here and below arrays are unnested in the SELECT's own list and not in its FROM, where each would be laid down as a table
-- first: a third of the time for twelve of them.
--
-- Those that the execution has not got yet: one by one, as a join that was planned while the table was empty would read all
-- of it for each. Who plans the same at the same moment fails with SQLSTATE 23505 and tries again.
-- name: insert
INSERT INTO orchestrator_tenant_runs (execution_id, tenant_id, tenant_name, subscription_tier, timezone, fair_rank, turn,
    steps_total, next_service)
SELECT $1, planned.*
FROM (SELECT unnest($2) AS tenant_id, unnest($3), unnest($4), unnest($5), unnest($6), unnest($6), unnest($7),
             unnest($8)) AS planned
WHERE (SELECT id FROM orchestrator_tenant_runs r WHERE execution_id = $1 AND r.tenant_id = planned.tenant_id) IS NULL
RETURNING id, tenant_id;

-- A lane is closed while all of its services are, as domain/execution/lane.h says; the one without a name never is.
--
-- Nothing without a lease, which nobody takes away meanwhile. Runs whose wait is over have waited for their turn already:
-- they go first. What another instance is claiming at this moment is left to it. In no order.
--
-- How many to take from each open lane ("share") tells a look at the heads of all of them; where only one is open, none is
-- needed. Locked are only those that are taken. Where others hold so many of a lane that it has less than its share, the
-- rest is taken from any lane. Each search begins where its lane does: before that lie the index entries
-- of what was claimed since the last vacuum.
-- name: claim
WITH lease AS MATERIALIZED (
    SELECT lease_number FROM orchestrator_instances WHERE instance_id = $1 FOR KEY SHARE
), due_lane AS MATERIALIZED (
    SELECT service, not_before AS first FROM orchestrator_parked_lanes 
    WHERE not_before <= $3 AND (service = '' OR NOT string_to_array(service, ', ') <@ $4)
), due_share AS MATERIALIZED (
    SELECT service, first, $2::bigint AS most FROM due_lane WHERE (SELECT count(*) FROM due_lane) = 1
    UNION ALL
    SELECT service, first, count(*) FROM (
        SELECT service, first FROM due_lane, LATERAL (
            SELECT not_before, id FROM orchestrator_tenant_runs
            WHERE next_service = service AND not_before >= first AND not_before <= $3
            ORDER BY not_before, id LIMIT $2) AS head
        WHERE (SELECT count(*) FROM due_lane) > 1 ORDER BY not_before, id LIMIT $2) AS heads
    GROUP BY service, first
), due AS MATERIALIZED (
    SELECT taken.* FROM due_share, LATERAL (
        SELECT ctid, id, not_before FROM orchestrator_tenant_runs
        WHERE next_service = service AND not_before >= first AND not_before <= $3
        ORDER BY not_before, id LIMIT most * (SELECT count(*) FROM lease) FOR NO KEY UPDATE SKIP LOCKED) AS taken
), room AS MATERIALIZED (
    SELECT ($2 - (SELECT count(*) FROM due)) * (SELECT count(*) FROM lease) AS runs
), open_lane AS MATERIALIZED (
    SELECT service, turn AS first FROM orchestrator_lanes
    WHERE service = '' OR NOT string_to_array(service, ', ') <@ $4
), share AS MATERIALIZED (
    SELECT service, first, (SELECT runs FROM room) AS most FROM open_lane WHERE (SELECT count(*) FROM open_lane) = 1
    UNION ALL
    SELECT service, first, count(*) FROM (
        SELECT service, first FROM open_lane, LATERAL (
            SELECT turn, id FROM orchestrator_tenant_runs WHERE next_service = service AND turn >= first
            ORDER BY turn, id LIMIT (SELECT runs FROM room)) AS head
        WHERE (SELECT count(*) FROM open_lane) > 1 ORDER BY turn, id LIMIT (SELECT runs FROM room)) AS heads
    GROUP BY service, first
), in_turn AS MATERIALIZED (
    SELECT taken.ctid FROM share, LATERAL (
        SELECT ctid FROM orchestrator_tenant_runs WHERE next_service = service AND turn >= first
        ORDER BY turn, id LIMIT most FOR NO KEY UPDATE SKIP LOCKED) AS taken
), missing AS MATERIALIZED (
    SELECT runs - (SELECT count(*) FROM in_turn) AS runs FROM room WHERE (SELECT count(*) FROM open_lane) > 1
), rest AS MATERIALIZED (
    SELECT taken.ctid FROM open_lane, LATERAL (
        SELECT ctid FROM orchestrator_tenant_runs
        WHERE next_service = service AND turn >= first AND ctid <> ALL (ARRAY(SELECT ctid FROM in_turn))
        ORDER BY turn, id LIMIT (SELECT runs FROM missing) FOR NO KEY UPDATE SKIP LOCKED) AS taken
    WHERE (SELECT runs FROM missing) > 0 LIMIT (SELECT runs FROM missing)
)
UPDATE orchestrator_tenant_runs r SET status = 'running', turn = NULL, not_before = NULL, next_service = '',
    claimed_by = $1, claim_token = claim_token + 1, started_at = coalesce(started_at, $3)
WHERE ctid = ANY (ARRAY(SELECT ctid FROM due UNION ALL SELECT ctid FROM in_turn UNION ALL SELECT ctid FROM rest))
RETURNING id, claim_token, execution_id, tenant_id, tenant_name, subscription_tier, timezone, waits, fair_rank,
    (SELECT due.not_before FROM due WHERE due.id = r.id), (SELECT lease_number FROM lease);

-- Open executions of which a claim has to know more: their runs are not to be called, or may have results already.
-- name: executions_to_mind
SELECT id, cancel_requested, retry_of IS NOT NULL FROM orchestrator_executions
WHERE status IN ('pending', 'running') AND (cancel_requested OR retry_of IS NOT NULL);

-- By the counters of the executions, less what waits for a later time or for a closed service ($3). That is counted up to
-- $4, and not at all where it would make no difference.
-- name: count_open
WITH unfinished AS MATERIALIZED (
    SELECT coalesce(sum(tenants_total - tenants_completed - tenants_partial - tenants_failed - tenants_cancelled), 0) AS runs
    FROM orchestrator_executions WHERE status IN ('pending', 'running')
)
SELECT greatest(0, least($1, runs - CASE WHEN runs - $4 >= $1 THEN 0 ELSE (
    SELECT count(*) FROM (
        SELECT 1 FROM orchestrator_parked_lanes, LATERAL (
            SELECT 1 FROM orchestrator_tenant_runs r WHERE r.next_service = service AND r.not_before > $2
            LIMIT $4) AS later
        WHERE service = '' OR NOT string_to_array(service, ', ') <@ $3
        UNION ALL
        SELECT 1 FROM orchestrator_parked_lanes, LATERAL (
            SELECT 1 FROM orchestrator_tenant_runs WHERE next_service = service AND not_before IS NOT NULL
            LIMIT $4) AS parked
        WHERE service <> '' AND string_to_array(service, ', ') <@ $3
        UNION ALL
        SELECT 1 FROM orchestrator_lanes, LATERAL (
            SELECT 1 FROM orchestrator_tenant_runs WHERE next_service = service AND orchestrator_tenant_runs.turn IS NOT NULL
            LIMIT $4) AS in_turn
        WHERE service <> '' AND string_to_array(service, ', ') <@ $3
        LIMIT $4) AS unclaimable) END))::bigint
FROM unfinished;

-- name: next_parked
SELECT min(not_before) FROM orchestrator_parked_lanes
WHERE service = '' OR NOT string_to_array(service, ', ') <@ $1;

-- Fails (SQLSTATE 22012) unless all of these leases stand. Until the end of the transaction nobody takes away what was
-- claimed under them.
-- name: hold_leases
SELECT 1 / (count(*) = cardinality($1))::integer FROM (
    SELECT FROM orchestrator_instances WHERE lease_number = ANY ($1) ORDER BY lease_number FOR KEY SHARE) AS standing;

-- Likewise, of whoever holds these runs now.
-- name: hold_claimants
SELECT FROM orchestrator_instances WHERE instance_id IN (
    SELECT claimed_by FROM orchestrator_tenant_runs WHERE id = ANY ($1))
ORDER BY instance_id FOR KEY SHARE;

-- For who takes claims away: waits for those who record under them.
-- name: seize_instances
SELECT FROM orchestrator_instances WHERE instance_id = ANY ($1) ORDER BY instance_id FOR UPDATE;

-- name: held_claims
SELECT id, claim_token FROM orchestrator_tenant_runs JOIN unnest($1, $2) AS claim (run, token)
    ON id = run AND claim_token = token AND status = 'running';

-- name: recorded_steps
SELECT tenant_run_id, step_index FROM orchestrator_step_results
WHERE execution_id = ANY ($1) AND tenant_run_id = ANY ($2);

-- Like the next one it fails (SQLSTATE 22012) unless each of the runs is held under its token.
-- name: end
WITH touched AS (
    UPDATE orchestrator_tenant_runs r SET status = ended.status, completed_at = $4, waits = NULL
    FROM (SELECT unnest($1) AS run, unnest($2) AS token, unnest($3) AS status) AS ended
    WHERE id = run AND claim_token = token AND r.status = 'running'
    RETURNING 1
)
SELECT 1 / (count(*) = cardinality($1))::integer FROM touched;

-- name: park
WITH touched AS (
    UPDATE orchestrator_tenant_runs r SET status = 'pending', waits = parked.waits::json, claimed_by = NULL,
        next_service = parked.next_service, not_before = parked.not_before,
        turn = CASE WHEN parked.not_before IS NULL THEN fair_rank END
    FROM unnest($1, $2, $3, $4, $5) AS parked (run, token, not_before, waits, next_service)
    WHERE r.id = run AND claim_token = token AND r.status = 'running'
    RETURNING 1
)
SELECT 1 / (count(*) = cardinality($1))::integer FROM touched;

-- name: insert_results
INSERT INTO orchestrator_step_results (execution_id, tenant_run_id, step_index, status, attempts, http_status,
    carried_over, started_at, duration_ms, result, error_code, error_message)
SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8), unnest($9),
    unnest($10), unnest($11), unnest($12);

-- name: results
SELECT tenant_run_id, step_index, status, attempts, http_status, carried_over, started_at, duration_ms, result,
       error_code, error_message
FROM orchestrator_step_results WHERE execution_id = ANY ($1) AND tenant_run_id = ANY ($2)
ORDER BY tenant_run_id, step_index;

-- The runs of an execution lie together, between those two numbers.
-- name: list
SELECT id, tenant_id, tenant_name, subscription_tier, timezone, status, not_before, started_at, completed_at, claimed_by
FROM orchestrator_runs_read
WHERE execution_id = $1 AND id > $2 AND id >= (SELECT first_run FROM orchestrator_executions WHERE id = $1)
  AND id <= (SELECT last_run FROM orchestrator_executions WHERE id = $1) AND ($3 IS NULL OR status = $3) AND (NOT $4 OR status IN ('failed', 'partial'))
  AND ($5 IS NULL OR tenant_id = $5)
ORDER BY id LIMIT $6;

-- By the clock of the database, which is the same for all instances. No row: the name is that of another process now.
-- name: renew_lease
INSERT INTO orchestrator_instances AS current (instance_id, lease_until, process_id, renewed_at)
VALUES ($1, clock_timestamp() + $2::bigint * INTERVAL '1 millisecond', $3, clock_timestamp())
ON CONFLICT (instance_id) DO UPDATE SET lease_until = excluded.lease_until, process_id = excluded.process_id,
    renewed_at = excluded.renewed_at
WHERE coalesce(current.process_id, excluded.process_id) = excluded.process_id
RETURNING xmax = 0;  -- it had no lease

-- name: live_instances
SELECT instance_id FROM orchestrator_instances WHERE lease_until >= clock_timestamp() ORDER BY instance_id;

-- name: executions_under_way
SELECT id FROM orchestrator_executions WHERE status IN ('pending', 'running') ORDER BY id;

-- name: claimed_by
SELECT id, claim_token FROM orchestrator_tenant_runs WHERE execution_id = $1 AND status = 'running' AND claimed_by = $2;

-- name: give_back
UPDATE orchestrator_tenant_runs SET status = 'pending', turn = fair_rank, claimed_by = NULL
FROM (SELECT unnest($1) AS run, unnest($2) AS token) AS given
WHERE id = run AND claim_token = token AND status = 'running' AND claimed_by = $3;

-- Some claims under the old one hold no longer.
-- name: renumber_lease
UPDATE orchestrator_instances SET lease_number = DEFAULT WHERE instance_id = $1;

-- Of an instance that froze while it was sending a batch: what it holds stays locked, and the server, which waits for
-- the rest of it, knows a timeout only for the time between batches. It finds its connection lost when it wakes up.
-- $1: milliseconds after which such a client has given up itself.
-- name: end_silent_sessions
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND state = 'active' AND wait_event = 'ClientRead'
  AND query_start < clock_timestamp() - $1::bigint * INTERVAL '1 millisecond'
  AND pid IN (SELECT pid FROM pg_locks WHERE mode <> 'AccessShareLock' AND relation IN (
      'orchestrator_instances'::regclass, 'orchestrator_executions'::regclass, 'orchestrator_leader'::regclass));

-- name: lost_instances
SELECT instance_id FROM orchestrator_instances WHERE (lease_until < clock_timestamp() OR renewed_at > clock_timestamp() + INTERVAL '1 minute') AND instance_id <> $1
ORDER BY instance_id FOR UPDATE SKIP LOCKED;

-- name: give_back_all
UPDATE orchestrator_tenant_runs SET status = 'pending', turn = fair_rank, claimed_by = NULL
WHERE execution_id = $2 AND status = 'running' AND claimed_by = ANY ($1);

-- name: forget_instances
DELETE FROM orchestrator_instances WHERE instance_id = ANY ($1);

-- Fails (SQLSTATE 22012) if the batch is there already. Waits for a commit of the same batch whose answer was lost.
-- name: note_batch
WITH noted AS (
    INSERT INTO orchestrator_journal_writers AS writer (writer_id, last_batch) VALUES ($1, $2)
    ON CONFLICT (writer_id) DO UPDATE SET last_batch = excluded.last_batch, written_at = now()
        WHERE writer.last_batch < excluded.last_batch
    RETURNING 1
)
SELECT 1 / count(*) FROM noted;

