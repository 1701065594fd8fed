-- Which service the next step of a waiting run calls, '' = any or unknown: a lane of the queue for each, so that a claim can
-- leave out the runs before services that take no more. Set while a run waits; a claim sets it to ''.
ALTER TABLE orchestrator_tenant_runs ADD COLUMN next_service TEXT NOT NULL DEFAULT '';
DROP INDEX idx_tenant_runs_turn;
DROP INDEX idx_tenant_runs_parked;
CREATE INDEX idx_tenant_runs_turn ON orchestrator_tenant_runs (next_service, fair_rank)
    WHERE status = 'pending' AND not_before IS NULL;
CREATE INDEX idx_tenant_runs_parked ON orchestrator_tenant_runs (next_service, not_before)
    WHERE status = 'pending' AND not_before IS NOT NULL;
