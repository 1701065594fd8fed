-- name: server
SELECT current_setting('server_version'), current_setting('server_version_num')::integer,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on',
    current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off',
    has_schema_privilege(current_schema(), 'CREATE'), clock_timestamp();
