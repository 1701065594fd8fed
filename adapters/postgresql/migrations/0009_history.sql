-- The time by which history is counted. It advances little by little, whatever a clock shows: a clock that is wrong by
-- months deletes nothing that an operator could not save.
CREATE TABLE orchestrator_history (
    id SMALLINT PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    aged_to TIMESTAMPTZ  -- NULL: not counted yet
);
INSERT INTO orchestrator_history (aged_to)
VALUES ((SELECT created_at FROM orchestrator_executions ORDER BY id DESC LIMIT 1));

-- By the clock of the database. A lease that was renewed at a time that is still to come was given by a clock that was
-- wrong, and would hold for as long.
ALTER TABLE orchestrator_instances ADD COLUMN renewed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp();
