#include "adapters/sqlite/workflow_rows.h"

#include <fmt/format.h>

#include "adapters/sql/row_values.h"
#include "adapters/sqlite/schedule_rows.h"

namespace orchestrator::sqlite {
namespace {

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
    while (rows.step()) found.push_back(sql::workflow_from(rows));
    return found;
}

result<workflow> find_workflow(connection& database, workflow_id id) {
    auto row = database.query("workflows", "find");
    row.bind(1, id);
    if (!row.step()) return unknown(id);
    return sql::workflow_from(row);
}

result<workflow> find_workflow_by_name(connection& database, const std::string& name) {
    auto row = database.query("workflows", "find_by_name");
    row.bind(1, std::string_view{name});
    if (!row.step()) return fail(errc::not_found, fmt::format("workflow \"{}\" does not exist", name));
    return sql::workflow_from(row);
}

bool knows_workflow_name(connection& database, const std::string& name) {
    auto row = database.query("workflows", "knows_name");
    row.bind(1, std::string_view{name});
    return row.step();
}

namespace {

// What people write: parameters 1 to 13 of insert and replace. `others` must live until the row is written.
void bind_written(statement& row, const workflow& written, const std::string& others) {
    row.bind(1, written.id)
        .bind(2, std::string_view{written.workflow_name})
        .bind(3, std::string_view{written.workflow_type})
        .bind(4, std::string_view{written.description})
        .bind(5, written.is_enabled)
        .bind(6, written.max_execution_time_seconds)
        .bind(7, written.max_retries)
        .bind(8, written.retry_delay_seconds)
        .bind(9, std::string_view{written.steps})
        .bind(10, written.updated_at)
        .bind_or_null(11, written.when.cron_expression)
        .bind(12, std::string_view{written.when.timezone})
        .bind(13, std::string_view{others});
}

struct stored_schedule {
    std::string cron_expression;
    std::string timezone;
    std::string others;
    bool is_enabled = false;

    bool operator==(const stored_schedule&) const = default;
};

stored_schedule schedule_of(connection& database, workflow_id id) {
    auto row = database.query("workflows", "schedule_of");
    row.bind(1, id);
    if (!row.step()) return {};
    return {row.text(0), row.text(1), row.text(2), row.integer(3) != 0};
}

void note_schedule_version(connection& database, const workflow& written, system_time now) {
    const auto all = json::serialize(to_json(written.when));
    auto row = database.query("workflows", "note_schedule_version");
    row.bind(1, written.id).bind(2, std::string_view{all}).bind(3, now);
    row.run();
}

void restart_schedule(connection& database, workflow_id id, system_time now) {
    {
        auto row = database.query("workflows", "restart_schedule");
        row.bind(1, id).bind(2, now);
        row.run();
    }
    const auto restarted = find_workflow(database, id);
    note_schedule_version(database, *restarted, now);
}

}  // namespace

result<void> insert_workflow(connection& database, const workflow& added) {
    if (find_workflow_by_name(database, added.workflow_name)) return taken(added.workflow_name);
    const auto others = other_fields_for_store(added.when);
    {
        auto row = database.query("workflows", "insert");
        bind_written(row, added, others);
        row.bind(14, added.created_at);
        row.run();
    }
    note_schedule_version(database, added, added.updated_at);
    bump_schedule_revision(database);
    return {};
}

result<workflow> replace_workflow(connection& database, const workflow& changed) {
    if (const auto twin = find_workflow_by_name(database, changed.workflow_name); twin && twin->id != changed.id)
        return taken(changed.workflow_name);
    const auto before = schedule_of(database, changed.id);
    const auto others = other_fields_for_store(changed.when);
    {
        auto row = database.query("workflows", "replace");
        bind_written(row, changed, others);
        row.run();
    }
    if (database.changes() > 0 && schedule_of(database, changed.id) != before)
        restart_schedule(database, changed.id, changed.updated_at);
    bump_schedule_revision(database);
    return find_workflow(database, changed.id);
}

result<workflow> enable_workflow(connection& database, workflow_id id, bool enabled, system_time now) {
    const bool was_enabled = schedule_of(database, id).is_enabled;
    {
        auto row = database.query("workflows", "enable");
        row.bind(1, id).bind(2, enabled).bind(3, now);
        row.run();
    }
    auto found = find_workflow(database, id);
    if (!found || was_enabled == enabled) return found;
    restart_schedule(database, id, now);
    bump_schedule_revision(database);
    return find_workflow(database, id);
}

result<void> delete_workflow(connection& database, workflow_id id, system_time now) {
    auto row = database.query("workflows", "delete");
    row.bind(1, id).bind(2, now);
    row.run();
    if (database.changes() == 0) return unknown(id);
    bump_schedule_revision(database);
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
    restart_schedule(database, id, now);
    bump_schedule_revision(database);
    return find_workflow(database, id);
}

}  // namespace orchestrator::sqlite
