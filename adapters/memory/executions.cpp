// Executions of the memory store.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "adapters/memory/store.h"
#include "domain/execution/end_summary.h"
#include "domain/workflow/workflow.h"

namespace orchestrator::memory {
namespace {

std::unexpected<error> ended(const execution& at) {
    return fail(errc::state_conflict,
                fmt::format("execution {} has ended: its status is {}", to_string(at.id), to_string(at.status)));
}

}  // namespace

result<store::kept_execution*> store::kept(execution_id id) {
    const auto found = executions_.find(id);
    if (found == executions_.end())
        return fail(errc::not_found, fmt::format("execution {} does not exist", to_string(id)));
    return &found->second;
}

task<result<opened_execution>> store::open_execution(execution opened) {
    const std::scoped_lock lock{guard_};
    if (!opened.idempotency_key.empty())
        for (const auto& [id, kept] : executions_)
            if (kept.current.workflow == opened.workflow && kept.current.idempotency_key == opened.idempotency_key)
                co_return opened_execution{id, false};
    co_return opened_execution{insert_execution(std::move(opened)).id, true};
}

execution& store::insert_execution(execution opened) {
    auto& kept = executions_[opened.id];
    for (auto& name : step_names_of(opened.definition)) {
        const auto index = int(kept.steps.size());
        kept.steps[index] = {.step_name = std::move(name), .step_index = index, .counts = {}, .latency = {}};
    }
    if (opened.scheduled_for && !opened.is_backfill) scheduled_and_open_[opened.workflow].insert(opened.id);
    return kept.current = std::move(opened);
}

void store::insert_run(kept_execution& into, planned_run planned) {
    if (!into.tenants.insert(planned.for_tenant.id).second) return;
    const auto id = run_id(++last_run_id_);
    auto& run = runs_[id];
    run.execution = into.current.id;
    run.fair_rank = planned.fair_rank;
    run.steps_total = planned.steps_total;
    run.view.id = id;
    run.view.tenant = planned.for_tenant.id;
    run.view.tenant_name = planned.for_tenant.name;
    run.view.tier = planned.for_tenant.tier;
    run.view.timezone = planned.for_tenant.timezone;
    const int steps = planned.steps_total + int(planned.carried_over.size());
    for (int index = int(into.steps.size()); index < steps; ++index)  // that the definition does not show
        into.steps[index] = {.step_name = fmt::format("step_{}", index),
                             .step_index = index,
                             .counts = {.total = into.current.tenants.total},
                             .latency = {}};
    for (auto& step : into.steps) ++step.second.counts.total;
    for (auto& record : planned.carried_over) {
        record.run = id;
        --into.steps[record.step_index].counts.total;
    }
    run.view.steps = std::move(planned.carried_over);
    into.runs.push_back(id);
    run.next_service = std::move(planned.next_service);
    ++into.current.tenants.total;
    into.current.steps.total += planned.steps_total;
    enqueue(run);
}

task<result<int>> store::insert_runs(execution_id id, std::vector<planned_run> runs, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    auto& into = **found;
    if (is_final(into.current.status)) co_return ended(into.current);
    const auto before = into.runs.size();
    for (auto& run : runs) insert_run(into, std::move(run));
    into.current.status = execution_status::running;
    if (!into.current.started_at) into.current.started_at = now;
    co_return int(into.runs.size() - before);
}

task<result<void>> store::note_planning_problem(execution_id id, std::string problem) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    auto& current = (*found)->current;
    if (!current.planning_complete) current.error_message = std::move(problem);
    co_return result<void>{};
}

task<result<void>> store::complete_planning(execution_id id, planning_outcome outcome, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    auto& current = (*found)->current;
    if (current.planning_complete) co_return result<void>{};
    current.planning_complete = true;
    current.planned_to_end = outcome.to_end;
    current.error_message = std::move(outcome.error_message);
    if (!current.started_at) current.started_at = now;
    co_return result<void>{};
}

task<result<std::vector<execution_id>>> store::claim_planning(std::string instance_id, std::vector<execution_id> known,
                                                              int most) {
    const std::scoped_lock lock{guard_};
    std::vector<execution_id> claimed;
    if (!leases_.contains(instance_id)) co_return claimed;
    for (auto& [id, kept] : executions_) {
        if (claimed.size() == std::size_t(most)) break;
        if (is_final(kept.current.status) || kept.current.planning_complete ||
            std::ranges::find(known, id) != known.end() ||
            (kept.planned_by != instance_id && leases_.contains(kept.planned_by)))
            continue;
        kept.planned_by = instance_id;
        claimed.push_back(id);
    }
    co_return claimed;
}

task<result<void>> store::leave_planning(execution_id id, std::string instance_id, std::string problem) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return result<void>{};
    auto& at = **found;
    if (at.planned_by != instance_id || at.current.planning_complete) co_return result<void>{};
    at.planned_by.clear();
    at.current.error_message = std::move(problem);
    co_return result<void>{};
}

task<result<void>> store::request_cancel(execution_id id, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    auto& current = (*found)->current;
    if (is_final(current.status)) co_return ended(current);
    current.cancel_requested = true;
    if (!current.cancel_requested_at) current.cancel_requested_at = now;
    co_return result<void>{};
}

task<result<int>> store::end_runs(run_ending ending, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(ending.execution);
    if (!found) co_return std::unexpected{found.error()};
    auto& at = **found;
    if (is_final(at.current.status) || !is_time_for(ending, at.current, now)) co_return 0;
    journal_delta delta;
    int runs = 0;
    for (const auto id : at.runs) {
        auto& run = runs_.at(id);
        const bool is_held = run.view.status == run_status::running;
        if (is_final(run.view.status) || (is_held && !ending.is_held_too)) continue;
        if (!is_held) dequeue(run);
        end_run(run, ending.cause, delta, now);
        ++runs;
    }
    if (runs == 0) co_return 0;
    for (const auto& [id, added] : delta.executions()) count(at, added);
    add_log(at, end_log(ending.cause, runs, now));
    co_return runs;
}

task<result<execution>> store::finish_if_done(execution_id id, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    auto& at = (*found)->current;
    if (is_final(at.status) || !at.planning_complete || at.tenants.ended() < at.tenants.total) co_return at;
    at.status = final_execution_status(at.tenants, at.cancel_requested, at.planned_to_end);
    at.completed_at = now;
    std::vector<step_summary> steps;
    for (const auto& [index, summary] : (*found)->steps) steps.push_back(summary);
    at.result_summary = summarise_end(at, steps);
    scheduled_and_open_[at.workflow].erase(id);
    if (const auto owner = workflows_.find(at.workflow); owner != workflows_.end()) {
        auto& noted = owner->second.current;
        noted.last_execution_at = now;
        if (at.status == execution_status::completed) {
            noted.last_success_at = now;
            noted.consecutive_failures = 0;
        } else if (at.status != execution_status::cancelled) {
            noted.last_failure_at = now;
            ++noted.consecutive_failures;
        }
    }
    auto told = end_event(at);
    outbox_.try_emplace(told.id, kept_event{.of = told});
    co_return at;
}

task<result<system_time>> store::age_history(system_time now, milliseconds most) {
    const std::scoped_lock lock{guard_};
    history_aged_to_ = std::min(now, history_aged_to_.value_or(now) + most);
    co_return *history_aged_to_;
}

// An execution that is open may still take over what those before it did.
std::set<execution_id> store::needed_by_retries() const {
    std::set<execution_id> needed;
    for (const auto& [id, kept] : executions_) {
        if (is_final(kept.current.status)) continue;
        for (auto source = kept.current.retry_of; source && needed.insert(*source).second;) {
            const auto found = executions_.find(*source);
            source = found == executions_.end() ? std::nullopt : found->second.current.retry_of;
        }
    }
    return needed;
}

// Some executions, and then the rest at once: nobody waits for it here.
task<result<history_bit>> store::keep_history(system_time, system_time keep_from) {
    constexpr std::size_t most = 50;
    const std::scoped_lock lock{guard_};
    const auto needed = needed_by_retries();
    std::set<execution_id> forgotten;
    for (const auto& [id, kept] : executions_)
        if (forgotten.size() < most && kept.current.created_at < keep_from && is_final(kept.current.status) &&
            !needed.contains(id))
            forgotten.insert(id);
    std::erase_if(runs_, [&](const auto& each) { return forgotten.contains(each.second.execution); });
    std::erase_if(executions_, [&](const auto& each) { return forgotten.contains(each.first); });
    for (auto& [id, kept] : executions_)
        if (kept.current.retry_of && forgotten.contains(*kept.current.retry_of)) kept.current.retry_of.reset();
    if (forgotten.size() == most) co_return history_bit{int(most), false};
    std::erase_if(outbox_, [&](const auto& each) { return each.second.of.created_at < keep_from; });
    std::erase_if(event_not_before_, [&](const auto& each) { return !outbox_.contains(each.first); });
    std::erase_if(backfills_, [&](const auto& each) {
        return each.second.current.done_at < keep_from && each.second.current.done_at;
    });
    for (auto& [id, kept] : workflows_) {
        std::erase_if(kept.occurrences,
                      [&](const auto& each) { return each.second.decided_at < keep_from - std::chrono::days{2}; });
        while (kept.versions.size() > 1 && kept.versions[1].changed_at < keep_from)
            kept.versions.erase(kept.versions.begin());
    }
    co_return history_bit{int(forgotten.size()), true};
}

task<result<bool>> store::archive_runs(system_time) { co_return false; }

task<result<std::vector<execution>>> store::open_executions() {
    const std::scoped_lock lock{guard_};
    std::vector<execution> open;
    for (const auto& [id, kept] : executions_)
        if (!is_final(kept.current.status)) open.push_back(kept.current);
    co_return open;
}

task<result<std::int64_t>> store::lowest_waiting_rank() {
    const std::scoped_lock lock{guard_};
    std::optional<std::int64_t> lowest;
    for (const auto& [service, lane] : lanes_) {
        if (lane.in_turn.empty()) continue;
        const auto rank = lane.in_turn.begin()->first;
        lowest = std::min(lowest.value_or(rank), rank);
    }
    co_return lowest.value_or(0);
}

task<result<execution>> store::find_execution(execution_id id) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    co_return (*found)->current;
}

task<result<std::vector<execution>>> store::list_executions(execution_query query) {
    const std::scoped_lock lock{guard_};
    std::vector<execution> found;
    for (const auto& [id, kept] : std::views::reverse(executions_)) {
        const auto& at = kept.current;
        const bool failure = at.status == execution_status::failed || at.status == execution_status::partial;
        if ((query.before && id >= *query.before) || (query.status && at.status != *query.status) ||
            (query.workflow && at.workflow != *query.workflow) || (query.retry_of && at.retry_of != query.retry_of) ||
            (query.failures_only && !failure) ||
            (!query.workflow_name.empty() && at.workflow_name != query.workflow_name))
            continue;
        if (found.size() == std::size_t(query.limit)) break;
        found.push_back(at);
    }
    co_return found;
}

task<result<std::vector<step_summary>>> store::step_summaries(execution_id id) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    std::vector<step_summary> summaries;
    for (const auto& [index, summary] : (*found)->steps) summaries.push_back(summary);
    co_return summaries;
}

task<result<std::vector<tenant_run_view>>> store::list_runs(execution_id id, run_query query) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    std::vector<tenant_run_view> listed;
    for (const auto run : (*found)->runs) {
        const auto& view = runs_.at(run).view;
        const bool failure = view.status == run_status::failed || view.status == run_status::partial;
        if (run <= query.after || (query.status && view.status != *query.status) || (query.failures_only && !failure) ||
            (query.tenant && view.tenant != *query.tenant))
            continue;
        if (listed.size() == std::size_t(query.limit)) break;
        listed.push_back(view);
        if (!query.with_steps) listed.back().steps.clear();
        std::ranges::sort(listed.back().steps, {}, &step_record::step_index);
    }
    co_return listed;
}

task<result<std::vector<log_entry>>> store::list_logs(execution_id id, log_query query) {
    const std::scoped_lock lock{guard_};
    const auto found = kept(id);
    if (!found) co_return std::unexpected{found.error()};
    std::vector<log_entry> listed;
    for (const auto& log : (*found)->logs) {
        if (log.sequence <= query.after || (query.lowest_level && log.level < *query.lowest_level) ||
            (query.tenant && log.tenant != query.tenant) ||
            (!query.step_name.empty() && log.step_name != query.step_name))
            continue;
        if (listed.size() == std::size_t(query.limit)) break;
        listed.push_back(log);
    }
    co_return listed;
}

}  // namespace orchestrator::memory
