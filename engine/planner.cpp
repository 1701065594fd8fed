#include "engine/planner.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_set>

#include "domain/ascii_text.h"
#include "engine/scoped_count.h"

namespace orchestrator {
namespace {

constexpr int runs_read_with_steps = 200;
constexpr int runs_read_without_steps = 5'000;
constexpr std::size_t longest_chain = 1'000;  // retries of retries
constexpr int fewest_at_once = 50;

// A retry of one tenant: what completed stays, unless something before it runs again.
planned_run plan_retry(const workflow_definition& definition, const tenant_run_view& failed) {
    step_set completed;
    for (const auto& step : failed.steps)
        if (step.status == step_status::completed) completed.insert(std::size_t(step.step_index));
    const auto rerun = steps_to_rerun(definition, completed);

    planned_run run;
    run.for_tenant = {
        .id = failed.tenant, .name = failed.tenant_name, .tier = failed.tier, .timezone = failed.timezone};
    run.steps_total = rerun.size();
    run.next_service = next_service(definition, definition.all_steps() - rerun);
    for (auto step : failed.steps) {
        if (rerun.contains(std::size_t(step.step_index))) continue;
        step.carried_over = true;
        run.carried_over.push_back(std::move(step));
    }
    return run;
}

std::unexpected<error> stopped() { return fail(errc::service_failed, "planning was stopped"); }

}  // namespace

// One execution while it is planned.
struct planner::work {
    std::shared_ptr<active_execution> active;
    execution opened;
    fair_ranks ranks;
    std::unique_ptr<due_tenants> judge{};     // who may take part because of the schedule; null: everybody
    std::unordered_set<tenant_id> settled{};  // of a retry: who has completed, or is taken in with its failed run
    std::unordered_set<tenant_id> named{};    // by the filter, and not found yet
    std::int64_t taken_in = 0;                // runs, those that were there already included
};

planner::planner(options chosen, execution_store& store, calendar_store& calendars, zone_source& zones,
                 directory_snapshot& tenants, clock& time, std::function<void()> on_planned)
    : options_{chosen},
      store_{store},
      calendars_{calendars},
      zones_{zones},
      tenants_{tenants},
      time_{time},
      on_planned_{std::move(on_planned)} {}

task<result<void>> planner::plan(std::shared_ptr<active_execution> active, execution opened) {
    const scoped_count planning{planning_};
    const auto lowest = co_await store_.lowest_waiting_rank();
    if (!lowest) co_return std::unexpected{lowest.error()};
    const auto first = first_rank(*lowest, opened.is_backfill);
    work at{.active = active, .opened = std::move(opened), .ranks{first, options_.weights}};
    const auto planned = at.opened.retry_of ? co_await plan_again(at) : co_await plan_first(at);

    planning_outcome outcome{.to_end = planned && planned->empty(), .error_message = planned.value_or("")};
    if (!planned) {
        if (active->stop.stop_requested() && !active->cancelled) co_return std::unexpected{planned.error()};  // we stop
        if (planned.error().code == errc::state_conflict) co_return result<void>{};  // it has ended meanwhile
        if (planned.error().code != errc::service_failed) co_return std::unexpected{planned.error()};
        outcome.error_message = planned.error().message;
        if (at.taken_in > 0)
            outcome.error_message =
                fmt::format("planning broke off after {} tenants: {}", at.taken_in, planned.error().message);
    }
    if (active->cancelled) outcome = {};
    co_return co_await store_.complete_planning(active->id, std::move(outcome), time_.now());
}

task<result<std::unique_ptr<due_tenants>>> planner::judge_of(const workflow_definition& definition,
                                                             std::optional<system_time> at) {
    const auto& when = definition.when;
    if (!at || when.zone_mode == timezone_mode::workflow) co_return nullptr;
    auto known = when.needs_calendar() ? co_await known_calendars(calendars_) : std::set<std::string>{};
    if (!known) co_return std::unexpected{known.error()};
    co_return std::make_unique<due_tenants>(when, std::chrono::floor<std::chrono::seconds>(*at), std::move(*known),
                                            zones_, calendars_);
}

task<result<planner::problem>> planner::plan_first(work& at) {
    auto judge = co_await judge_of(at.active->definition, at.opened.scheduled_for);
    if (!judge) co_return std::unexpected{judge.error()};
    at.judge = std::move(*judge);
    co_return co_await plan_from_directory(at);
}

// What failed runs again with what it has; who never had a run gets one, unless some source of this retry knew them
// all.
task<result<planner::problem>> planner::plan_again(work& at) {
    const auto sources = co_await sources_of(at.opened);
    if (!sources) co_return std::unexpected{sources.error()};
    const bool all_are_known = !sources->empty() && sources->back().planned_to_end;
    for (const auto& source : *sources) {
        if (sources->size() > 1 || !all_are_known) {
            const auto known = co_await settle(at, source);
            if (!known) co_return std::unexpected{known.error()};
        }
        const auto planned = co_await plan_failures(at, source);
        if (!planned) co_return std::unexpected{planned.error()};
    }
    if (all_are_known) co_return at.taken_in > 0 ? "" : "no tenant of the execution that it retries has failed";
    auto judge =
        co_await judge_of(at.active->definition, sources->empty() ? std::nullopt : sources->back().scheduled_for);
    if (!judge) co_return std::unexpected{judge.error()};
    at.judge = std::move(*judge);
    co_return co_await plan_from_directory(at);
}

// From the execution that is retried to the first one that was planned to the end: every tenant has a run in one of
// them, or has completed before.
task<result<std::vector<execution>>> planner::sources_of(const execution& retry) {
    std::vector<execution> sources;
    for (auto id = retry.retry_of; id && sources.size() < longest_chain; id = sources.back().retry_of) {
        auto source = co_await store_.find_execution(*id);
        if (!source && source.error().code == errc::not_found) break;  // forgotten
        if (!source) co_return std::unexpected{source.error()};
        sources.push_back(std::move(*source));
        if (sources.back().planned_to_end) break;
    }
    co_return sources;
}

task<result<void>> planner::settle(work& at, const execution& source) {
    run_query query;
    query.status = run_status::completed;
    query.limit = runs_read_without_steps;
    query.with_steps = false;
    while (!at.active->stop.stop_requested()) {
        const auto completed = co_await store_.list_runs(source.id, query);
        if (!completed) co_return std::unexpected{completed.error()};
        for (const auto& run : *completed) at.settled.insert(run.tenant);
        if (completed->size() < std::size_t(query.limit)) co_return result<void>{};
        query.after = completed->back().id;
    }
    co_return stopped();
}

task<result<void>> planner::plan_failures(work& at, const execution& source) {
    run_query query;
    query.failures_only = true;
    query.limit = runs_read_with_steps;
    while (!at.active->stop.stop_requested()) {
        const auto failed = co_await store_.list_runs(source.id, query);
        if (!failed) co_return std::unexpected{failed.error()};
        std::vector<planned_run> runs;
        for (const auto& run : *failed) {
            query.after = run.id;
            if (!at.settled.insert(run.tenant).second) continue;  // a later retry knows better
            runs.push_back(plan_retry(at.active->definition, run));
            runs.back().fair_rank = at.ranks.next(run.tier);
        }
        const auto inserted = co_await insert(at, std::move(runs));
        if (!inserted) co_return inserted;
        if (failed->size() < std::size_t(query.limit)) co_return result<void>{};
    }
    co_return stopped();
}

task<result<planner::problem>> planner::plan_from_directory(work& at) {
    const auto& ids = at.opened.filter.tenant_ids;
    at.named = {ids.begin(), ids.end()};
    if (!ids.empty() && ids.size() <= options_.most_asked_by_id) co_return co_await plan_by_id(at, ids);
    const auto take = [&](std::vector<tenant> page) { return plan_page(at, std::move(page)); };
    auto how = reader_for(at);
    how.filter = at.opened.filter;
    if (at.judge) how.is_due = [&at](tenant each) { return at.judge->contain(std::move(each)); };
    auto read = co_await tenants_.read(std::move(how), take);
    if (!read) co_return std::unexpected{read.error()};
    if (!ids.empty()) co_return co_await plan_by_id(at, {at.named.begin(), at.named.end()});
    if (!read->problem.empty()) co_return fmt::format("tenants may be missing: {}", read->problem);
    if (read->active == 0) co_return "the tenant service lists no active tenants";
    co_return "";
}

// Each of them is asked for, and those that the service does not know are told.
task<result<planner::problem>> planner::plan_by_id(work& at, std::vector<tenant_id> ids) {
    std::vector<tenant> page;
    std::vector<tenant_id> unknown;
    for (const auto& id : ids) {
        auto found = co_await tenants_.find(reader_for(at), id);
        if (!found) co_return std::unexpected{found.error()};
        if (*found)
            page.push_back(std::move(**found));
        else
            unknown.push_back(id);
    }
    const auto planned = co_await plan_page(at, std::move(page));
    if (!planned) co_return std::unexpected{planned.error()};
    if (unknown.empty()) co_return "";
    co_return fmt::format("the tenant service does not know {} of the {} tenants that were asked for, for example {}",
                          unknown.size(), at.opened.filter.tenant_ids.size(), to_string(unknown.front()));
}

task<result<void>> planner::plan_page(work& at, std::vector<tenant> page) {
    std::vector<planned_run> runs;
    const auto first_call = next_service(at.active->definition, {});
    for (auto& each : page) {
        at.named.erase(each.id);
        if (!at.opened.filter.accepts(each) || at.settled.contains(each.id)) continue;
        const auto due = at.judge ? co_await at.judge->contain(each) : result<bool>{true};
        if (!due) co_return std::unexpected{due.error()};
        if (!*due) continue;
        const auto rank = at.ranks.next(each.tier);
        runs.push_back({.for_tenant = std::move(each),
                        .fair_rank = rank,
                        .steps_total = int(at.active->definition.steps.size()),
                        .carried_over = {},
                        .next_service = first_call});
    }
    co_return co_await insert(at, std::move(runs));
}

directory_snapshot::reader planner::reader_for(const work& at) {
    const auto age = std::max(time_.now() - at.opened.created_at, milliseconds{0});
    const auto id = at.active->id;
    return {.not_before = time_.steady_now() - age - options_.snapshot_leeway,
            .deadline = at.active->deadline,
            .stop = at.active->stop.get_token(),
            .at_once = std::size_t(std::clamp(options_.runs_in_memory / planning_, fewest_at_once,
                                              std::max(fewest_at_once, options_.runs_at_once))),
            .on_trouble = [this, id](std::string problem) -> task<> {
                if (problem.empty())
                    spdlog::info("planning of execution {} goes on", to_string(id));
                else
                    spdlog::warn("planning of execution {} waits: {}", to_string(id), problem);
                // Not noted, it is only not shown.
                static_cast<void>(
                    co_await store_.note_planning_problem(id, problem.empty() ? "" : "planning waits: " + problem));
            }};
}

task<result<void>> planner::insert(work& at, std::vector<planned_run> runs) {
    if (runs.empty()) co_return result<void>{};
    // Stored in the order of their turns: those that are claimed together then lie together.
    std::ranges::sort(runs, {}, [](const planned_run& run) { return std::pair{run.fair_rank, run.for_tenant.id}; });
    const auto count = std::int64_t(runs.size());
    auto inserted = co_await store_.insert_runs(at.active->id, runs, time_.now());
    if (!inserted && inserted.error().code == errc::entry_refused) {
        // Some name, or place, that the database cannot hold: found by halves, and kept in plain letters.
        if (runs.size() > 1) {
            std::vector behind(std::make_move_iterator(runs.begin() + count / 2), std::make_move_iterator(runs.end()));
            runs.resize(std::size_t(count / 2));
            const auto first = co_await insert(at, std::move(runs));
            if (!first) co_return first;
            co_return co_await insert(at, std::move(behind));
        }
        auto& only = runs.front().for_tenant;
        only.name = as_ascii(only.name);
        only.timezone = as_ascii(only.timezone);
        inserted = co_await store_.insert_runs(at.active->id, std::move(runs), time_.now());
    }
    if (!inserted) co_return std::unexpected{inserted.error()};
    at.taken_in += count;
    if (*inserted > 0) on_planned_();
    co_return result<void>{};
}

}  // namespace orchestrator
