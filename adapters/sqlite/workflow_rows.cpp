#include "adapters/sqlite/workflow_rows.h"

#include <fmt/format.h>

namespace orchestrator::sqlite {
namespace {

workflow read(const statement& row) {
    workflow read;
    read.id = {row.id(0)};
    read.workflow_name = row.text(1);
    read.workflow_type = row.text(2);
    read.description = row.text(3);
    read.is_enabled = row.integer(4) != 0;
    read.max_execution_time_seconds = int(row.integer(5));
    read.max_retries = int(row.integer(6));
    read.retry_delay_seconds = int(row.integer(7));
    read.steps = row.text(8);
    read.last_execution_at = row.optional_time(9);
    read.last_success_at = row.optional_time(10);
    read.last_failure_at = row.optional_time(11);
    read.consecutive_failures = int(row.integer(12));
    read.created_at = row.time(13);
    read.updated_at = row.time(14);
    return read;
}

std::unexpected<error> unknown(workflow_id id) {
    return fail(errc::not_found, fmt::format("workflow {} does not exist", to_string(id)));
}

std::unexpected<error> taken(const std::string& name) {
    return fail(errc::already_exists, fmt::format("workflow_name: \"{}\" is taken by another workflow", name));
}

}  // namespace

std::vector<workflow> list_workflows(connection& database) {
    std::vector<workflow> found;
    auto rows = database.query("workflows", "list");
    while (rows.step()) found.push_back(read(rows));
    return found;
}

result<workflow> find_workflow(connection& database, workflow_id id) {
    auto row = database.query("workflows", "find");
    row.bind(1, id);
    if (!row.step()) return unknown(id);
    return read(row);
}

result<workflow> find_workflow_by_name(connection& database, const std::string& name) {
    auto row = database.query("workflows", "find_by_name");
    row.bind(1, std::string_view{name});
    if (!row.step()) return fail(errc::not_found, fmt::format("workflow \"{}\" does not exist", name));
    return read(row);
}

bool knows_workflow_name(connection& database, const std::string& name) {
    auto row = database.query("workflows", "knows_name");
    row.bind(1, std::string_view{name});
    return row.step();
}

namespace {

// What people write: parameters 1 to 10 of insert and replace.
void bind_written(statement& row, const workflow& written) {
    row.bind(1, written.id)
        .bind(2, std::string_view{written.workflow_name})
        .bind(3, std::string_view{written.workflow_type})
        .bind(4, std::string_view{written.description})
        .bind(5, written.is_enabled)
        .bind(6, written.max_execution_time_seconds)
        .bind(7, written.max_retries)
        .bind(8, written.retry_delay_seconds)
        .bind(9, std::string_view{written.steps})
        .bind(10, written.updated_at);
}

}  // namespace

result<void> insert_workflow(connection& database, const workflow& added) {
    if (find_workflow_by_name(database, added.workflow_name)) return taken(added.workflow_name);
    auto row = database.query("workflows", "insert");
    bind_written(row, added);
    row.bind(11, added.created_at);
    row.run();
    return {};
}

result<workflow> replace_workflow(connection& database, const workflow& changed) {
    if (const auto twin = find_workflow_by_name(database, changed.workflow_name); twin && twin->id != changed.id)
        return taken(changed.workflow_name);
    {
        auto row = database.query("workflows", "replace");
        bind_written(row, changed);
        row.run();
    }
    return find_workflow(database, changed.id);
}

result<workflow> enable_workflow(connection& database, workflow_id id, bool enabled, system_time now) {
    {
        auto row = database.query("workflows", "enable");
        row.bind(1, id).bind(2, enabled).bind(3, now);
        row.run();
    }
    return find_workflow(database, id);
}

result<void> delete_workflow(connection& database, workflow_id id, system_time now) {
    auto row = database.query("workflows", "delete");
    row.bind(1, id).bind(2, now);
    row.run();
    if (database.changes() == 0) return unknown(id);
    return {};
}

result<workflow> restore_workflow(connection& database, workflow_id id, system_time now) {
    try {
        auto row = database.query("workflows", "restore");
        row.bind(1, id).bind(2, now);
        row.run();
        if (database.changes() == 0)
            return fail(errc::not_found, fmt::format("no deleted workflow has the id {}", to_string(id)));
    } catch (const database_error& fault) {
        if (!fault.is_constraint()) throw;
        return fail(errc::already_exists,
                    "the name of the deleted workflow was taken meanwhile: rename the other one first");
    }
    return find_workflow(database, id);
}

}  // namespace orchestrator::sqlite
