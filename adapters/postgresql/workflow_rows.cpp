#include "adapters/postgresql/workflow_rows.h"

#include <fmt/format.h>

#include "adapters/postgresql/schedule_rows.h"
#include "adapters/sql/row_values.h"

namespace orchestrator::postgresql {
namespace {

std::unexpected<error> unknown(workflow_id id) {
    return fail(errc::not_found, fmt::format("workflow {} does not exist", to_string(id)));
}

std::unexpected<error> taken(const std::string& name) {
    return fail(errc::already_exists, fmt::format("workflow_name: \"{}\" is taken by another workflow", name));
}

struct stored_schedule {
    std::string cron_expression;
    std::string timezone;
    std::string others;
    bool is_enabled = false;

    bool operator==(const stored_schedule&) const = default;
};

// Holds the workflow until the end of the transaction.
stored_schedule schedule_of(connection& database, workflow_id id) {
    const auto found = database.query("workflows", "schedule_of", id);
    if (found.empty()) return {};
    const auto from = found.front();
    return {from.text(0), from.text(1), from.text(2), from.boolean(3)};
}

void note_schedule_version(connection& database, const workflow& written, system_time now) {
    database.query("workflows", "note_schedule_version", written.id, json::serialize(to_json(written.when)), now);
}

void restart_schedule(connection& database, workflow_id id, system_time now) {
    database.query("workflows", "restart_schedule", id, now);
    note_schedule_version(database, find_workflow(database, id).value(), now);
}

// Two of the same name at once: the unique index tells the second one.
template <class Work>
result<void> unless_taken(const std::string& name, Work work) {
    try {
        work();
        return {};
    } catch (const database_error& fault) {
        if (!fault.is_constraint()) throw;
        return taken(name);
    }
}

}  // namespace

std::vector<workflow> list_workflows(connection& database) {
    std::vector<workflow> found;
    for (const auto& each : database.query("workflows", "list")) found.push_back(sql::workflow_from(each));
    return found;
}

result<workflow> find_workflow(connection& database, workflow_id id) {
    const auto found = database.query("workflows", "find", id);
    if (found.empty()) return unknown(id);
    return sql::workflow_from(found.front());
}

result<workflow> find_workflow_by_name(connection& database, const std::string& name) {
    const auto found = database.query("workflows", "find_by_name", name);
    if (found.empty()) return fail(errc::not_found, fmt::format("workflow \"{}\" does not exist", name));
    return sql::workflow_from(found.front());
}

bool knows_workflow_name(connection& database, const std::string& name) {
    return !database.query("workflows", "knows_name", name).empty();
}

result<void> insert_workflow(connection& database, const workflow& added) {
    const auto others = other_fields_for_store(added.when);
    const auto inserted = unless_taken(added.workflow_name, [&] {
        database.query("workflows", "insert", added.id, added.workflow_name, added.workflow_type, added.description,
                       added.is_enabled, added.max_execution_time_seconds, added.max_retries, added.retry_delay_seconds,
                       added.steps, added.updated_at, text_or_null{added.when.cron_expression}, added.when.timezone,
                       others, added.created_at);
    });
    if (!inserted) return inserted;
    note_schedule_version(database, added, added.updated_at);
    bump_schedule_revision(database);
    return {};
}

result<workflow> replace_workflow(connection& database, const workflow& changed) {
    if (const auto twin = find_workflow_by_name(database, changed.workflow_name); twin && twin->id != changed.id)
        return taken(changed.workflow_name);
    const auto before = schedule_of(database, changed.id);
    const auto others = other_fields_for_store(changed.when);
    std::int64_t replaced = 0;
    const auto done = unless_taken(changed.workflow_name, [&] {
        replaced = database
                       .query("workflows", "replace", changed.id, changed.workflow_name, changed.workflow_type,
                              changed.description, changed.is_enabled, changed.max_execution_time_seconds,
                              changed.max_retries, changed.retry_delay_seconds, changed.steps, changed.updated_at,
                              text_or_null{changed.when.cron_expression}, changed.when.timezone, others)
                       .affected();
    });
    if (!done) return std::unexpected{done.error()};
    if (replaced > 0 && schedule_of(database, changed.id) != before)
        restart_schedule(database, changed.id, changed.updated_at);
    bump_schedule_revision(database);
    return find_workflow(database, changed.id);
}

result<workflow> enable_workflow(connection& database, workflow_id id, bool enabled, system_time now) {
    const bool was_enabled = schedule_of(database, id).is_enabled;
    database.query("workflows", "enable", id, enabled, now);
    auto found = find_workflow(database, id);
    if (!found || was_enabled == enabled) return found;
    restart_schedule(database, id, now);
    bump_schedule_revision(database);
    return find_workflow(database, id);
}

result<void> delete_workflow(connection& database, workflow_id id, system_time now) {
    if (database.query("workflows", "delete", id, now).affected() == 0) return unknown(id);
    bump_schedule_revision(database);
    return {};
}

result<workflow> restore_workflow(connection& database, workflow_id id, system_time now) {
    try {
        if (database.query("workflows", "restore", id, now).affected() == 0)
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

}  // namespace orchestrator::postgresql
