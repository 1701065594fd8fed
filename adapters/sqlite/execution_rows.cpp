#include "adapters/sqlite/execution_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/sql/row_values.h"
#include "adapters/sqlite/outbox_rows.h"
#include "adapters/sqlite/run_rows.h"
#include "domain/execution/end_summary.h"

namespace orchestrator::sqlite {
namespace {

std::vector<execution> read_all(statement& rows) {
    std::vector<execution> found;
    while (rows.step()) found.push_back(sql::execution_from(rows));
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

}  // namespace

result<opened_execution> open_execution(connection& database, const execution& opened) {
    if (!opened.idempotency_key.empty()) {
        auto twin = database.query("executions", "find_by_key");
        twin.bind(1, opened.workflow).bind(2, std::string_view{opened.idempotency_key});
        if (twin.step()) return opened_execution{execution_id{twin.id(0)}, false};
    }
    insert_execution(database, opened, "");
    return opened_execution{opened.id, true};
}

namespace {

// Where the definition is kept; the latest ones are looked at first.
std::int64_t keep_definition(connection& database, const execution& opened) {
    {
        auto known = database.query("executions", "find_definition");
        known.bind(1, opened.workflow).bind(2, std::string_view{opened.definition});
        if (known.step()) return known.integer(0);
    }
    auto row = database.query("executions", "insert_definition");
    row.bind(1, opened.workflow).bind(2, std::string_view{opened.definition});
    row.run();
    return database.last_rowid();
}

}  // namespace

void insert_execution(connection& database, const execution& opened, std::string_view tenant_groups) {
    const auto definition = keep_definition(database, opened);
    const auto filter = sql::to_json(opened.filter);
    auto row = database.query("executions", "insert");
    row.bind(1, opened.id)
        .bind(2, opened.workflow)
        .bind(3, std::string_view{opened.workflow_name})
        .bind(4, std::string_view{opened.execution_type})
        .bind(5, opened.retry_of)
        .bind_or_null(6, opened.idempotency_key)
        .bind(7, std::string_view{filter})
        .bind(8, opened.created_at)
        .bind(9, opened.deadline_at)
        .bind(10, std::string_view{opened.executed_by_instance})
        .bind(11, opened.scheduled_for)
        .bind(12, opened.is_backfill)
        .bind(13, tenant_groups)
        .bind(14, definition);
    row.run();
}

result<int> insert_runs(connection& database, execution_id id, const std::vector<planned_run>& runs, system_time now) {
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    if (is_final(at->status)) return ended(*at);
    int inserted = 0;
    std::int64_t steps = 0;
    for (const auto& run : runs) {
        const auto added = insert_run(database, id, run);
        if (!added) continue;
        ++inserted;
        steps += run.steps_total;
        for (const auto& record : run.carried_over) insert_result(database, *added, record);
    }
    auto totals = database.query("executions", "add_totals");
    totals.bind(1, id).bind(2, inserted).bind(3, steps).bind(4, now);
    totals.run();
    return inserted;
}

result<void> note_planning_problem(connection& database, execution_id id, const std::string& problem) {
    {
        auto row = database.query("executions", "note_planning_problem");
        row.bind(1, id).bind(2, std::string_view{problem});
        row.run();
    }
    if (database.changes() > 0) return {};
    return check_exists(database, id);  // completed before
}

result<void> complete_planning(connection& database, execution_id id, const planning_outcome& outcome,
                               system_time now) {
    {
        auto row = database.query("executions", "complete_planning");
        row.bind(1, id).bind(2, outcome.to_end).bind(3, std::string_view{outcome.error_message}).bind(4, now);
        row.run();
    }
    if (database.changes() > 0) return {};
    return check_exists(database, id);  // completed before
}

std::vector<execution_id> claim_planning(connection& database, const std::string& instance_id,
                                         const std::vector<execution_id>& known, int most) {
    std::vector<execution_id> claimed;
    {
        auto rows = database.query("executions", "not_planned");
        rows.bind(1, std::string_view{instance_id});
        while (claimed.size() < std::size_t(most) && rows.step())
            if (const execution_id id{rows.id(0)}; std::ranges::find(known, id) == known.end()) claimed.push_back(id);
    }
    for (const auto id : claimed) {
        auto row = database.query("executions", "plan");
        row.bind(1, id).bind(2, std::string_view{instance_id});
        row.run();
    }
    return claimed;
}

void leave_planning(connection& database, execution_id id, const std::string& instance_id, const std::string& problem) {
    auto row = database.query("executions", "leave_planning");
    row.bind(1, id).bind(2, std::string_view{instance_id}).bind(3, std::string_view{problem});
    row.run();
}

result<void> request_cancel(connection& database, execution_id id, system_time now) {
    {
        auto row = database.query("executions", "request_cancel");
        row.bind(1, id).bind(2, now);
        row.run();
    }
    if (database.changes() > 0) return {};
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    return ended(*at);
}

result<execution> finish_if_done(connection& database, execution_id id, system_time now) {
    auto at = find_execution(database, id);
    if (!at || is_final(at->status) || !at->planning_complete || at->tenants.ended() < at->tenants.total) return at;
    at->status = final_execution_status(at->tenants, at->cancel_requested, at->planned_to_end);
    at->completed_at = now;
    at->result_summary = summarise_end(*at, step_summaries(database, id).value_or(std::vector<step_summary>{}));
    const auto status = to_string(at->status);
    {
        auto row = database.query("executions", "finish");
        row.bind(1, id).bind(2, status).bind(3, now).bind(4, std::string_view{at->result_summary});
        row.run();
    }
    {
        auto noted = database.query("workflows", "note_end");
        noted.bind(1, at->workflow).bind(2, now).bind(3, status);
        noted.run();
    }
    insert_event(database, end_event(*at));
    return at;
}

result<execution> find_execution(connection& database, execution_id id) {
    auto row = database.query("executions", "find");
    row.bind(1, id);
    if (!row.step()) return fail(errc::not_found, fmt::format("execution {} does not exist", to_string(id)));
    return sql::execution_from(row);
}

std::vector<execution> open_executions(connection& database) {
    auto rows = database.query("executions", "open");
    return read_all(rows);
}

std::int64_t lowest_waiting_rank(connection& database) {
    auto row = database.query("tenant_runs", "lowest_rank");
    return row.step() ? row.integer(0) : 0;
}

std::vector<execution> list_executions(connection& database, const execution_query& query) {
    // With "or is null" an index is of no use.
    auto rows = database.query("executions", query.retry_of ? "list_retries" : "list");
    rows.bind_or_null(1, query.status ? to_string(*query.status) : std::string_view{})
        .bind(2, query.workflow)
        .bind_or_null(3, query.workflow_name)
        .bind(4, query.failures_only)
        .bind(5, query.before)
        .bind(6, query.limit)
        .bind(7, query.retry_of);
    return read_all(rows);
}

result<std::vector<step_summary>> step_summaries(connection& database, execution_id id) {
    const auto at = find_execution(database, id);
    if (!at) return std::unexpected{at.error()};
    sql::step_summaries_builder summaries{*at};
    const auto summary_of = [&](const statement& row) -> step_summary& { return summaries.at(row.integer(0)); };
    auto counts = database.query("executions", "step_counts");
    counts.bind(1, id);
    while (counts.step()) {
        auto& into = summary_of(counts).counts;
        into.completed = counts.integer(1);
        into.failed = counts.integer(2);
        into.skipped = counts.integer(3);
        into.retries = counts.integer(4);
    }
    auto latencies = database.query("executions", "latencies");
    latencies.bind(1, id);
    while (latencies.step()) summary_of(latencies).latency.add_bucket(int(latencies.integer(1)), latencies.integer(2));
    if (at->retry_of) {
        auto carried = database.query("executions", "carried_per_step");
        carried.bind(1, id);
        while (carried.step()) summary_of(carried).counts.total -= carried.integer(1);
    }
    return summaries.take();
}

result<std::vector<tenant_run_view>> list_runs(connection& database, execution_id id, const run_query& query) {
    if (const auto at = find_execution(database, id); !at) return std::unexpected{at.error()};
    std::vector<tenant_run_view> found;
    auto rows = database.query("tenant_runs", "list");
    rows.bind(1, id)
        .bind(2, std::int64_t(query.after))
        .bind_or_null(3, query.status ? to_string(*query.status) : std::string_view{})
        .bind(4, query.failures_only)
        .bind(5, query.tenant)
        .bind(6, query.limit);
    while (rows.step()) {
        auto run = sql::run_from(rows);
        if (query.with_steps) run.steps = read_results(database, run.id);
        found.push_back(std::move(run));
    }
    return found;
}

result<std::vector<log_entry>> list_logs(connection& database, execution_id id, const log_query& query) {
    if (const auto at = find_execution(database, id); !at) return std::unexpected{at.error()};
    std::vector<log_entry> found;
    auto range = database.query("executions", "log_range");
    range.bind(1, id);
    if (!range.step() || range.is_null(0)) return found;
    auto rows = database.query("executions", "logs");
    rows.bind(1, id)
        .bind(2, std::max(query.after, range.integer(0) - 1))
        .bind(7, range.integer(1))
        .bind(3, query.tenant)
        .bind_or_null(4, query.step_name)
        .bind(5, to_string(query.lowest_level.value_or(log_level::info)))
        .bind(6, query.limit);
    while (rows.step()) found.push_back(sql::log_entry_from(rows));
    return found;
}

}  // namespace orchestrator::sqlite
