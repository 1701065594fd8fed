-- Which process an instance's name stands for: two that were given the same one would take each other's work.
ALTER TABLE orchestrator_instances ADD COLUMN process_id UUID;
