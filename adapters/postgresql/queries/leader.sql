-- By the clock of the database: one clock for all instances. Our own lease under another epoch than ours is that of a
-- claim whose answer was lost, or of a life before this one: ours again, under a new epoch. A lease whose last heartbeat
-- is still to come was given by a clock that was wrong, and does not hold.
-- name: claim
INSERT INTO orchestrator_leader AS current (id, instance_id, instance_hostname, epoch, lease_until, became_leader_at,
    last_heartbeat_at, heartbeat_interval_seconds)
VALUES (1, $1, $2, 1, clock_timestamp() + $3::bigint * INTERVAL '1 millisecond', clock_timestamp(), clock_timestamp(),
    $4::bigint / 1000.0)
ON CONFLICT (id) DO UPDATE SET
    epoch = current.epoch + (NOT (current.epoch = $5 AND current.instance_id = $1))::integer,
    became_leader_at = CASE WHEN current.epoch = $5 AND current.instance_id = $1 THEN current.became_leader_at
                            ELSE clock_timestamp() END,
    instance_id = excluded.instance_id, instance_hostname = excluded.instance_hostname,
    lease_until = clock_timestamp() + $3::bigint * INTERVAL '1 millisecond', last_heartbeat_at = clock_timestamp(),
    heartbeat_interval_seconds = excluded.heartbeat_interval_seconds
WHERE current.instance_id = $1 OR current.lease_until <= clock_timestamp() OR $6
    OR current.last_heartbeat_at > clock_timestamp() + INTERVAL '1 minute'
RETURNING epoch;

-- name: resign
UPDATE orchestrator_leader SET lease_until = least(lease_until, clock_timestamp()) WHERE epoch = $1;

-- name: find
SELECT instance_id, instance_hostname, epoch, became_leader_at, last_heartbeat_at,
    (heartbeat_interval_seconds * 1000)::bigint,
    ceil(extract(epoch FROM lease_until - clock_timestamp()) * 1000)::bigint
FROM orchestrator_leader;

-- A new epoch waits for the transaction that holds this one.
-- name: hold_epoch
SELECT epoch, instance_id FROM orchestrator_leader FOR SHARE;
