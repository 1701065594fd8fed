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
    for (auto step : failed.steps) {
        if (rerun.contains(std::size_t(step.step_index))) continue;
        step.carried_over = true;
        run.carried_over.push_back(std::move(step));
    }
    return run;
}

}  // namespace

planner::planner(options chosen, execution_store& store, tenant_directory& directory, clock& time,
                 std::function<void()> on_planned)
    : options_{chosen}, store_{store}, directory_{directory}, time_{time}, on_planned_{std::move(on_planned)} {}

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

task<result<void>> planner::plan_tenants(const active_execution& active, const execution& opened) {
    const auto start = co_await store_.lowest_waiting_rank();
    if (!start) co_return std::unexpected{start.error()};
    fair_ranks ranks{*start, options_.weights};
    const auto stop = active.stop.get_token();
    std::optional<tenant_id> first_of_last_page;

    for (std::int64_t skip = 0; !stop.stop_requested(); skip += options_.page_size) {
        const auto page = co_await directory_.page(skip, options_.page_size, active.deadline, stop);
        if (!page) co_return std::unexpected{page.error()};
        if (!page->tenants.empty() && page->tenants.front().id == first_of_last_page)
            co_return fail(errc::service_failed, "the tenant service answers the same page again and again");
        if (!page->tenants.empty()) first_of_last_page = page->tenants.front().id;

        std::vector<planned_run> runs;
        for (const auto& tenant : page->tenants)
            if (opened.filter.accepts(tenant))
                runs.push_back({.for_tenant = tenant,
                                .fair_rank = ranks.next(tenant.tier),
                                .steps_total = int(active.definition.steps.size()),
                                .carried_over = {}});
        const auto inserted = co_await insert(active.id, std::move(runs));
        if (!inserted) co_return inserted;
        if (page->received < std::size_t(options_.page_size)) co_return result<void>{};
        if (skip >= options_.max_tenants)
            co_return fail(errc::service_failed,
                           fmt::format("the tenant service lists more than {} tenants", options_.max_tenants));
    }
    co_return fail(errc::service_failed, "planning was stopped");
}

task<result<void>> planner::plan_failures(const active_execution& active, const execution& opened) {
    const auto start = co_await store_.lowest_waiting_rank();
    if (!start) co_return std::unexpected{start.error()};
    fair_ranks ranks{*start, options_.weights};
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
