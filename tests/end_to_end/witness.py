"""A witness in the database: notes with each result who wrote it and who held the tenant's run at that moment, and with
each scheduled execution who opened it and who led. Each instance is known by the name of its connections."""

SQL = """
CREATE TABLE witnessed_results (execution_id UUID, tenant_run_id BIGINT, step_index INTEGER, writer TEXT, holder TEXT,
    claim_token BIGINT);
CREATE FUNCTION witness_result() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witnessed_results
    SELECT NEW.execution_id, NEW.tenant_run_id, NEW.step_index, current_setting('application_name'), claimed_by, claim_token
    FROM orchestrator_tenant_runs WHERE id = NEW.tenant_run_id;
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER INSERT ON orchestrator_step_results FOR EACH ROW WHEN (NOT NEW.carried_over)
    EXECUTE FUNCTION witness_result();

CREATE TABLE witnessed_openings (execution_id UUID, workflow_id UUID, scheduled_for TIMESTAMPTZ, writer TEXT, leader TEXT,
    epoch BIGINT);
CREATE FUNCTION witness_opening() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witnessed_openings
    SELECT NEW.id, NEW.workflow_id, NEW.scheduled_for, current_setting('application_name'), instance_id, epoch
    FROM orchestrator_leader;
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER INSERT ON orchestrator_executions FOR EACH ROW WHEN (NEW.scheduled_for IS NOT NULL)
    EXECUTE FUNCTION witness_opening();
"""


def install(database):
    """Once the tables are there."""
    database.query(SQL)


def check(database, test):
    """Nobody wrote what was another's to write, and nothing was written that the witness did not see."""
    for said, seen, owner in (("orchestrator_step_results WHERE NOT carried_over", "witnessed_results", "holder"),
                              ("orchestrator_executions WHERE scheduled_for IS NOT NULL", "witnessed_openings", "leader")):
        test.assertEqual(database.query(f"SELECT * FROM {seen} WHERE writer IS DISTINCT FROM {owner} LIMIT 10"), [],
                         f"written by others than the {owner}")
        test.assertEqual(database.number(f"SELECT count(*) FROM {seen}"), database.number(f"SELECT count(*) FROM {said}"))
