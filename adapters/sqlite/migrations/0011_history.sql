-- The time by which history is counted. It advances little by little, whatever a clock shows: a clock that is wrong by
-- months deletes nothing that an operator could not save.
CREATE TABLE orchestrator_history (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    aged_to INTEGER  -- NULL: not counted yet
);
INSERT INTO orchestrator_history (id, aged_to)
VALUES (1, (SELECT created_at FROM orchestrator_executions ORDER BY id DESC LIMIT 1));
