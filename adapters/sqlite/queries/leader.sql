-- name: claim
INSERT INTO orchestrator_leader (id, instance_id, instance_hostname, epoch, lease_until, became_leader_at,
    last_heartbeat_at, heartbeat_interval_seconds)
VALUES (1, ?1, ?2, 1, ?3, ?4, ?4, ?5)
ON CONFLICT DO UPDATE SET
    epoch = epoch + NOT (epoch = ?6 AND instance_id = ?1),
    became_leader_at = CASE WHEN epoch = ?6 AND instance_id = ?1 THEN became_leader_at ELSE ?4 END,
    instance_id = ?1, instance_hostname = ?2, lease_until = ?3, last_heartbeat_at = ?4, heartbeat_interval_seconds = ?5
WHERE instance_id = ?1 OR lease_until <= ?4 OR ?7;

-- name: resign
UPDATE orchestrator_leader SET lease_until = min(lease_until, ?2) WHERE epoch = ?1;

-- name: find
SELECT instance_id, instance_hostname, epoch, became_leader_at, last_heartbeat_at, heartbeat_interval_seconds,
    lease_until
FROM orchestrator_leader;
