-- name: server
SELECT current_setting('server_version'), current_setting('server_version_num')::integer,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on',
    current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off',
    has_schema_privilege(current_schema(), 'CREATE'), clock_timestamp();

-- Only who owns a table may give it partitions.
-- name: closed_tables
SELECT coalesce(string_agg(relname::text, ', ' ORDER BY relname), '') FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname LIKE 'orchestrator\_%' AND NOT (
    has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')
    AND has_table_privilege(oid, 'DELETE') AND (relkind = 'r' OR pg_has_role(relowner, 'USAGE')));

-- name: mark_session
SELECT set_config('orchestrator.doctor', $1, FALSE);

-- name: session_mark
SELECT coalesce(current_setting('orchestrator.doctor', TRUE), '');
