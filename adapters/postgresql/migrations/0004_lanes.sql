-- Which service the next step of a waiting run calls, '' = any or unknown: a lane of the queue for each, so that a claim can
-- leave out the runs before services that take no more. Set while a run waits; a claim sets it to ''.
ALTER TABLE orchestrator_tenant_runs ADD COLUMN next_service TEXT COLLATE "C" NOT NULL DEFAULT '';
DROP INDEX idx_tenant_runs_turn;
DROP INDEX idx_tenant_runs_parked;
CREATE INDEX idx_tenant_runs_turn ON orchestrator_tenant_runs (next_service, turn, id) WHERE turn IS NOT NULL;
CREATE INDEX idx_tenant_runs_parked ON orchestrator_tenant_runs (next_service, not_before, id) WHERE not_before IS NOT NULL;

-- A lane of the queue is what waits for one service. Found by jumping from one to the next, each with the first that waits
-- in it: they are few, however many runs wait in each.
CREATE RECURSIVE VIEW orchestrator_lanes (service, turn) AS
    (SELECT next_service, turn FROM orchestrator_tenant_runs WHERE turn IS NOT NULL
     ORDER BY next_service, turn LIMIT 1)
    UNION ALL
    SELECT next.* FROM orchestrator_lanes, LATERAL (
        SELECT r.next_service, r.turn FROM orchestrator_tenant_runs r
        WHERE r.turn IS NOT NULL AND r.next_service > service ORDER BY r.next_service, r.turn LIMIT 1) AS next;

-- Likewise, of what waits until a later time.
CREATE RECURSIVE VIEW orchestrator_parked_lanes (service, not_before) AS
    (SELECT next_service, not_before FROM orchestrator_tenant_runs WHERE not_before IS NOT NULL
     ORDER BY next_service, not_before LIMIT 1)
    UNION ALL
    SELECT next.* FROM orchestrator_parked_lanes, LATERAL (
        SELECT r.next_service, r.not_before FROM orchestrator_tenant_runs r
        WHERE r.not_before IS NOT NULL AND r.next_service > service ORDER BY r.next_service, r.not_before LIMIT 1) AS next;
