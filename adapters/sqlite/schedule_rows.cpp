#include "adapters/sqlite/schedule_rows.h"

#include <algorithm>

#include "adapters/sql/row_values.h"
#include "adapters/sqlite/execution_rows.h"

namespace orchestrator::sqlite {
namespace {

// The execution of the workflow that has not ended and has tenants of the occurrence.
std::optional<execution_id> overlapped_by(connection& database, const schedule_decision& decision,
                                          const occurrence_start& start) {
    if (start.overlap == overlap_policy::allow) return std::nullopt;
    auto rows = database.query("schedules", "running");
    rows.bind(1, decision.workflow);
    while (rows.step())
        if (sql::share_a_group(start.tenant_groups, rows.text(1))) return execution_id{rows.id(0)};
    return std::nullopt;
}

bool is_decided(connection& database, workflow_id workflow, system_time scheduled_for) {
    auto row = database.query("schedules", "is_decided");
    row.bind(1, workflow).bind(2, scheduled_for);
    return row.step();
}

// False: it is decided already, and stays as it was.
bool note(connection& database, workflow_id workflow, const decided_occurrence& what) {
    auto row = database.query("schedules", "note_occurrence");
    row.bind(1, workflow)
        .bind(2, what.scheduled_for)
        .bind(3, to_string(what.outcome))
        .bind(4, std::string_view{what.reason})
        .bind(5, what.execution)
        .bind(6, what.decided_at);
    row.run();
    return database.changes() > 0;
}

// False: it has to wait until another execution has ended.
bool start_one(connection& database, const schedule_decision& decision, const occurrence_start& start,
               decision_receipt& receipt, system_time now) {
    const auto at = start.opened.scheduled_for.value();
    const auto other = overlapped_by(database, decision, start);
    if (other && start.overlap == overlap_policy::queue) return is_decided(database, decision.workflow, at);
    const auto outcome = other ? occurrence_outcome::overlapped : occurrence_outcome::started;
    if (!note(database, decision.workflow, {at, outcome, "", other.value_or(start.opened.id), now})) return true;
    if (other) return true;
    insert_execution(database, start.opened, sql::to_lines(start.tenant_groups));
    receipt.opened.push_back(start.opened.id);
    return true;
}

void heal(connection& database, const schedule_decision& decision) {
    auto row = database.query("schedules", "heal");
    row.bind(1, decision.workflow).bind(3, decision.schedule_version).run();
    if (database.changes() == 0) return;
    auto decided = database.query("schedules", "forget_decided");
    decided.bind(1, decision.workflow).bind(2, *decision.heals_to).run();
}

// False: the schedule was changed meanwhile, or is gone.
bool keep_decision(connection& database, const schedule_decision& decision) {
    auto row = database.query("schedules", "keep_decision");
    row.bind(1, decision.workflow)
        .bind(2, decision.decided_until)
        .bind(3, decision.next_execution_at)
        .bind(4, std::string_view{decision.problem})
        .bind(5, decision.schedule_version);
    row.run();
    return database.changes() > 0;
}

// From `at` on nothing is decided yet.
void hold_back(connection& database, workflow_id workflow, system_time at) {
    auto row = database.query("schedules", "hold_back");
    row.bind(1, workflow).bind(2, at - milliseconds{1}).bind(3, at);
    row.run();
}

void keep(connection& database, const schedule_decision& decision, decision_receipt& receipt, system_time now) {
    if (decision.heals_to) heal(database, decision);
    if (!keep_decision(database, decision)) {
        receipt.stale.push_back(decision.workflow);
        return;
    }
    for (const auto& missed : decision.missed)
        note(database, decision.workflow,
             {missed.scheduled_for, occurrence_outcome::missed, missed.reason, std::nullopt, now});
    for (const auto& start : decision.start) {
        if (start_one(database, decision, start, receipt, now)) continue;
        receipt.blocked.push_back(decision.workflow);
        hold_back(database, decision.workflow, start.opened.scheduled_for.value());
        break;
    }
}

}  // namespace

std::int64_t schedule_revision(connection& database) {
    auto row = database.query("schedules", "revision");
    return row.step() ? row.integer(0) : 0;
}

void bump_schedule_revision(connection& database) { database.query("schedules", "bump_revision").run(); }

decision_receipt decide(connection& database, const std::vector<schedule_decision>& decisions, system_time now) {
    decision_receipt receipt;
    for (const auto& decision : decisions) keep(database, decision, receipt, now);
    return receipt;
}

std::vector<decided_occurrence> list_occurrences(connection& database, workflow_id workflow, system_time from,
                                                 system_time until, int limit) {
    std::vector<decided_occurrence> listed;
    auto rows = database.query("schedules", "list_occurrences");
    rows.bind(1, workflow).bind(2, from).bind(3, until).bind(4, limit);
    while (rows.step()) listed.push_back(sql::occurrence_from(rows));
    return listed;
}

std::vector<schedule_version> list_schedule_versions(connection& database, workflow_id workflow) {
    std::vector<schedule_version> listed;
    auto rows = database.query("schedules", "list_versions");
    rows.bind(1, workflow);
    while (rows.step()) listed.push_back({rows.integer(0), rows.text(1), rows.time(2)});
    return listed;
}

std::optional<system_time> busy_until(connection& database, workflow_id workflow, system_time now) {
    auto latest = database.query("schedules", "latest");
    latest.bind(1, workflow);
    if (!latest.step()) return std::nullopt;
    return latest.optional_time(0).value_or(now);
}

std::vector<milliseconds> past_durations(connection& database, workflow_id workflow, int most) {
    std::vector<milliseconds> durations;
    auto rows = database.query("schedules", "past_durations");
    rows.bind(1, workflow).bind(2, most);
    while (rows.step()) durations.emplace_back(rows.integer(0));
    return durations;
}

std::vector<tenant_group> list_tenant_groups(connection& database) {
    std::vector<tenant_group> listed;
    auto rows = database.query("schedules", "list_groups");
    while (rows.step()) listed.push_back({rows.text(0), rows.text(1), rows.integer(2)});
    return listed;
}

void replace_tenant_groups(connection& database, const std::vector<tenant_group>& groups) {
    auto sorted = groups;
    std::ranges::sort(sorted);
    if (list_tenant_groups(database) == sorted) return;
    database.query("schedules", "forget_groups").run();
    for (const auto& group : sorted) {
        auto row = database.query("schedules", "insert_group");
        row.bind(1, std::string_view{group.timezone}).bind(2, std::string_view{group.calendar}).bind(3, group.tenants);
        row.run();
    }
    bump_schedule_revision(database);
}

}  // namespace orchestrator::sqlite
