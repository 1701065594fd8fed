#include "engine/planner.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace orchestrator {
namespace {

constexpr int failures_page = 200;

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
    run.next_service = first_service(definition, definition.all_steps() - rerun);
    for (auto step : failed.steps) {
        if (rerun.contains(std::size_t(step.step_index))) continue;
        step.carried_over = true;
        run.carried_over.push_back(std::move(step));
    }
    return run;
}

}  // namespace

planner::planner(options chosen, execution_store& store, calendar_store& calendars, zone_source& zones,
                 tenant_directory& directory, clock& time, std::function<void()> on_planned)
    : options_{chosen},
      store_{store},
      calendars_{calendars},
      zones_{zones},
      directory_{directory},
      time_{time},
      on_planned_{std::move(on_planned)} {}

task<result<void>> planner::plan(std::shared_ptr<active_execution> active, execution opened) {
    const auto planned =
        opened.retry_of ? co_await plan_failures(*active, opened) : co_await plan_tenants(*active, opened);
    std::string problem;
    if (!planned) {
        if (active->stop.stop_requested() && !active->cancelled) co_return planned;  // this instance stops
        if (planned.error().code == errc::state_conflict) co_return result<void>{};  // it has ended meanwhile
        if (planned.error().code != errc::service_failed) co_return planned;
        if (!active->cancelled) problem = planned.error().message;
    }
    co_return co_await store_.complete_planning(active->id, problem, time_.now());
}

// Who may take part because of the schedule; null: everybody.
task<result<std::unique_ptr<due_tenants>>> planner::judge_of(const active_execution& active, const execution& opened) {
    const auto& when = active.definition.when;
    if (!opened.scheduled_for || when.zone_mode == timezone_mode::workflow) co_return nullptr;
    auto known = when.needs_calendar() ? co_await known_calendars(calendars_) : std::set<std::string>{};
    if (!known) co_return std::unexpected{known.error()};
    co_return std::make_unique<due_tenants>(when, std::chrono::floor<std::chrono::seconds>(*opened.scheduled_for),
                                            std::move(*known), zones_, calendars_);
}

task<result<void>> planner::plan_tenants(const active_execution& active, const execution& opened) {
    const auto start = co_await store_.lowest_waiting_rank();
    if (!start) co_return std::unexpected{start.error()};
    const auto judge = co_await judge_of(active, opened);
    if (!judge) co_return std::unexpected{judge.error()};
    fair_ranks ranks{first_rank(*start, opened.is_backfill), options_.weights};
    const auto insert_page = [&](std::vector<tenant> tenants) -> task<result<void>> {
        std::vector<planned_run> runs;
        for (const auto& each : tenants) {
            if (!opened.filter.accepts(each)) continue;
            const auto due = *judge ? co_await (*judge)->contain(each) : result<bool>{true};
            if (!due) co_return std::unexpected{due.error()};
            if (*due)
                runs.push_back({.for_tenant = each,
                                .fair_rank = ranks.next(each.tier),
                                .steps_total = int(active.definition.steps.size()),
                                .carried_over = {},
                                .next_service = first_service(active.definition, {})});
        }
        co_return co_await insert(active.id, std::move(runs));
    };
    const auto note_trouble = [&](std::string problem) -> task<> {
        if (problem.empty())
            spdlog::info("planning of execution {} goes on", to_string(active.id));
        else
            spdlog::warn("planning of execution {} waits: {}", to_string(active.id), problem);
        // Not noted, it is only not shown.
        static_cast<void>(
            co_await store_.note_planning_problem(active.id, problem.empty() ? "" : "planning waits: " + problem));
    };
    co_return co_await directory_.for_each_page({.page_size = options_.page_size,
                                                 .max_tenants = options_.max_tenants,
                                                 .deadline = active.deadline,
                                                 .stop = active.stop.get_token(),
                                                 .on_trouble = note_trouble},
                                                insert_page);
}

task<result<void>> planner::plan_failures(const active_execution& active, const execution& opened) {
    const auto start = co_await store_.lowest_waiting_rank();
    if (!start) co_return std::unexpected{start.error()};
    fair_ranks ranks{first_rank(*start, opened.is_backfill), options_.weights};
    run_query query;
    query.failures_only = true;
    query.limit = failures_page;
    while (!active.stop.stop_requested()) {
        const auto failed = co_await store_.list_runs(*opened.retry_of, query);
        if (!failed) co_return std::unexpected{failed.error()};
        std::vector<planned_run> runs;
        for (const auto& run : *failed) {
            runs.push_back(plan_retry(active.definition, run));
            runs.back().fair_rank = ranks.next(run.tier);
            query.after = run.id;
        }
        const auto inserted = co_await insert(active.id, std::move(runs));
        if (!inserted) co_return inserted;
        if (failed->size() < std::size_t(failures_page)) co_return result<void>{};
    }
    co_return fail(errc::service_failed, "planning was stopped");
}

task<result<void>> planner::insert(execution_id id, std::vector<planned_run> runs) {
    if (runs.empty()) co_return result<void>{};
    // Stored in the order of their turns: those that are claimed together then lie together.
    std::ranges::sort(runs, {}, [](const planned_run& run) { return std::pair{run.fair_rank, run.for_tenant.id}; });
    const auto inserted = co_await store_.insert_runs(id, std::move(runs), time_.now());
    if (!inserted) co_return std::unexpected{inserted.error()};
    if (*inserted > 0) on_planned_();
    co_return result<void>{};
}

}  // namespace orchestrator
