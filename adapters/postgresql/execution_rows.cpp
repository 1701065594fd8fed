#include "adapters/postgresql/execution_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "adapters/postgresql/outbox_rows.h"
#include "adapters/postgresql/run_rows.h"
#include "adapters/sql/row_values.h"
#include "domain/execution/end_summary.h"

namespace orchestrator::postgresql {
namespace {

std::vector<execution> read_all(const rows& all) {
    std::vector<execution> found;
    for (const auto& each : all) found.push_back(sql::execution_from(each));
    return found;
}

result<void> check_exists(connection& database, execution_id id) {
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    return {};
}

std::unexpected<error> ended(const execution& at) {
    return fail(errc::state_conflict,
                fmt::format("execution {} has ended: its status is {}", to_string(at.id), to_string(at.status)));
}

// Nobody else changes the execution until the end of the transaction.
result<execution> hold_execution(connection& database, execution_id id) {
    database.query("executions", "hold", id);
    return find_execution(database, id);
}

std::optional<execution_id> find_by_key(connection& database, const execution& wanted) {
    if (wanted.idempotency_key.empty()) return std::nullopt;
    const auto found = database.query("executions", "find_by_key", wanted.workflow, wanted.idempotency_key);
    if (found.empty()) return std::nullopt;
    return execution_id{found.front().id(0)};
}

// Where each definition is kept: one row for the same text of the same workflow.
std::vector<std::int64_t> keep_definitions(connection& database, const std::vector<execution_to_insert>& opened) {
    std::map<std::pair<workflow_id, std::string_view>, std::int64_t> kept;
    for (const auto& each : opened) kept.try_emplace({each.opened->workflow, each.opened->definition});
    array_of<workflow_id> workflows;
    array_of<std::string_view> texts;
    for (const auto& [of, id] : kept) {
        workflows.add(of.first);
        texts.add(of.second);
    }
    const auto known = database.query("executions", "find_definitions", workflows, texts);
    array_of<workflow_id> new_workflows;
    array_of<std::string_view> new_texts;
    std::vector<std::int64_t*> added;
    auto slot = kept.begin();
    for (const auto& each : known) {
        if (each.is_null(0)) {
            new_workflows.add(slot->first.first);
            new_texts.add(slot->first.second);
            added.push_back(&slot->second);
        } else {
            slot->second = each.integer(0);
        }
        ++slot;
    }
    if (!added.empty()) {
        auto into = added.begin();
        for (const auto& each : database.query("executions", "insert_definitions", new_workflows, new_texts))
            **into++ = each.integer(0);
    }
    std::vector<std::int64_t> ids;
    for (const auto& each : opened) ids.push_back(kept.at({each.opened->workflow, each.opened->definition}));
    return ids;
}

}  // namespace

// In a transaction of its own, so that a lost race for the key can be looked at.
result<opened_execution> open_execution(connection& database, const execution& opened) {
    if (const auto twin = find_by_key(database, opened)) return opened_execution{*twin, false};
    try {
        transaction work{database};
        insert_executions(database, {{&opened, ""}});
        work.commit();
        return opened_execution{opened.id, true};
    } catch (const database_error& fault) {
        // The answer to the commit may be lost and the execution there: its id tells.
        if (fault.code() == errc::store_unavailable && find_execution(database, opened.id))
            return opened_execution{opened.id, true};
        if (!fault.is_constraint()) throw;
        if (const auto twin = find_by_key(database, opened)) return opened_execution{*twin, false};
        throw;
    }
}

void insert_executions(connection& database, const std::vector<execution_to_insert>& opened) {
    const auto definitions = keep_definitions(database, opened);
    array_of<execution_id> ids;
    array_of<workflow_id> workflows;
    array_of<std::string_view> names;
    array_of<std::string_view> types;
    array_of<execution_id> retries_of;
    array_of<std::string_view> keys;
    array_of<std::string_view> filters;
    array_of<system_time> created_at;
    array_of<system_time> deadlines;
    array_of<std::string_view> instances;
    array_of<system_time> scheduled_for;
    array_of<bool> backfills;
    array_of<std::string_view> groups;
    for (const auto& each : opened) {
        const auto& of = *each.opened;
        ids.add(of.id);
        workflows.add(of.workflow);
        names.add(std::string_view{of.workflow_name});
        types.add(std::string_view{of.execution_type});
        retries_of.add(of.retry_of);
        keys.add(text_or_null{of.idempotency_key});
        filters.add(std::string_view{sql::to_json(of.filter)});
        created_at.add(of.created_at);
        deadlines.add(of.deadline_at);
        instances.add(std::string_view{of.executed_by_instance});
        scheduled_for.add(of.scheduled_for);
        backfills.add(of.is_backfill);
        groups.add(std::string_view{each.tenant_groups});
    }
    database.query("executions", "insert", ids, workflows, names, types, retries_of, keys, filters, created_at,
                   deadlines, instances, scheduled_for, backfills, groups, array_of<std::int64_t>{definitions});
}

result<int> insert_runs(connection& database, execution_id id, const std::vector<planned_run>& runs, system_time now) {
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    if (is_final(at->status)) return ended(*at);
    auto added = insert_runs(database, id, runs);
    const auto count = added.size();
    std::int64_t steps = 0;
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
    std::vector<result_to_insert> carried;
    for (const auto& run : runs) {
        const auto row = added.extract(run.for_tenant.id);  // a page may name a tenant twice
        if (row.empty()) continue;
        const auto number = std::int64_t(row.mapped());
        first = std::min(first.value_or(number), number);
        last = std::max(last.value_or(number), number);
        steps += run.steps_total;
        for (const auto& record : run.carried_over) carried.push_back({id, row.mapped(), &record});
    }
    insert_results(database, carried);
    // The execution itself comes last: whoever records outcomes of it waits for us from here on only.
    const auto totals = database.query("executions", "add_totals", id, std::int64_t(count), steps, now, first, last);
    if (totals.affected() == 0) return ended(find_execution(database, id).value());
    return int(count);
}

result<void> note_planning_problem(connection& database, execution_id id, const std::string& problem) {
    if (database.query("executions", "note_planning_problem", id, problem).affected() > 0) return {};
    return check_exists(database, id);  // completed before
}

result<void> complete_planning(connection& database, execution_id id, const planning_outcome& outcome,
                               system_time now) {
    if (database.query("executions", "complete_planning", id, outcome.to_end, outcome.error_message, now).affected() >
        0)
        return {};
    return check_exists(database, id);  // completed before
}

std::vector<execution_id> claim_planning(connection& database, const std::string& instance_id,
                                         const std::vector<execution_id>& known, int most) {
    std::vector<execution_id> claimed;
    for (const auto& each :
         database.query("executions", "claim_planning", instance_id, array_of<execution_id>{known}, most))
        claimed.push_back({each.id(0)});
    std::ranges::sort(claimed);
    return claimed;
}

void leave_planning(connection& database, execution_id id, const std::string& instance_id, const std::string& problem) {
    database.query("executions", "leave_planning", id, instance_id, problem);
}

result<void> request_cancel(connection& database, execution_id id, system_time now) {
    if (database.query("executions", "request_cancel", id, now).affected() > 0) return {};
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    if (is_final(at->status)) return ended(*at);
    return {};  // requested before
}

result<execution> finish_if_done(connection& database, execution_id id, system_time now) {
    auto at = hold_execution(database, id);
    if (!at || is_final(at->status) || !at->planning_complete || at->tenants.ended() < at->tenants.total) return at;
    at->status = final_execution_status(at->tenants, at->cancel_requested, at->planned_to_end);
    at->completed_at = now;
    at->result_summary = summarise_end(*at, step_summaries(database, id).value_or(std::vector<step_summary>{}));
    const auto status = to_string(at->status);
    database.query("executions", "finish", id, status, now, at->result_summary);
    database.query("workflows", "note_end", at->workflow, now, status);
    insert_event(database, end_event(*at));
    return at;
}

result<execution> find_execution(connection& database, execution_id id) {
    const auto found = database.query("executions", "find", id);
    if (found.empty()) return fail(errc::not_found, fmt::format("execution {} does not exist", to_string(id)));
    return sql::execution_from(found.front());
}

std::vector<execution> open_executions(connection& database) { return read_all(database.query("executions", "open")); }

std::int64_t lowest_waiting_rank(connection& database) {
    const auto found = database.query("tenant_runs", "lowest_rank");
    return found.front().is_null(0) ? 0 : found.front().integer(0);
}

std::vector<execution> list_executions(connection& database, const execution_query& query) {
    return read_all(database.query("executions", "list",
                                   text_or_null{query.status ? to_string(*query.status) : std::string_view{}},
                                   query.workflow, text_or_null{query.workflow_name}, query.failures_only, query.before,
                                   query.limit, query.retry_of));
}

result<std::vector<step_summary>> step_summaries(connection& database, execution_id id) {
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    sql::step_summaries_builder summaries{*at};
    const auto summary_of = [&](const row& from) -> step_summary& { return summaries.at(from.integer(0)); };
    for (const auto& each : database.query("executions", "step_counts", id)) {
        auto& into = summary_of(each).counts;
        into.completed = each.integer(1);
        into.failed = each.integer(2);
        into.skipped = each.integer(3);
        into.retries = each.integer(4);
    }
    for (const auto& each : database.query("executions", "latencies", id))
        summary_of(each).latency.add_bucket(int(each.integer(1)), each.integer(2));
    if (at->retry_of)
        for (const auto& each : database.query("executions", "carried_per_step", id))
            summary_of(each).counts.total -= each.integer(1);
    return summaries.take();
}

result<std::vector<tenant_run_view>> list_runs(connection& database, execution_id id, const run_query& query) {
    if (const auto at = find_execution(database, id); !at) return std::unexpected{at.error()};
    std::vector<tenant_run_view> found;
    std::map<run_id, std::size_t> places;
    for (const auto& each : database.query("tenant_runs", "list", id, std::int64_t(query.after),
                                           text_or_null{query.status ? to_string(*query.status) : std::string_view{}},
                                           query.failures_only, query.tenant, query.limit)) {
        auto run = sql::run_from(each);
        places.emplace(run.id, found.size());
        found.push_back(std::move(run));
    }
    array_of<std::int64_t> runs;
    for (const auto& run : found) runs.add(std::int64_t(run.id));
    if (found.empty() || !query.with_steps) return found;
    for (auto& record : read_results(database, array_of<execution_id>{std::vector{id}}, runs))
        found[places.at(record.run)].steps.push_back(std::move(record));
    return found;
}

result<std::vector<log_entry>> list_logs(connection& database, execution_id id, const log_query& query) {
    if (const auto at = find_execution(database, id); !at) return std::unexpected{at.error()};
    const auto level = query.lowest_level.value_or(log_level::info);
    const text_or_null step{query.step_name};
    const auto answer = level == log_level::info
                            ? database.query("executions", "logs", id, query.after, query.tenant, step, query.limit)
                            : database.query("executions", "logged_problems", id, query.after, query.tenant, step,
                                             query.limit, to_string(level));
    std::vector<log_entry> found;
    for (const auto& each : answer) found.push_back(sql::log_entry_from(each));
    return found;
}

}  // namespace orchestrator::postgresql
