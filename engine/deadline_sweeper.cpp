#include "engine/deadline_sweeper.h"

#include <spdlog/spdlog.h>

#include "engine/scoped_count.h"

namespace orchestrator {

std::vector<overdue_work> deadline_sweeper::find_overdue(const std::vector<execution>& open, system_time now) const {
    std::vector<overdue_work> found;
    for (const auto& each : open)
        if (auto overdue = find_overdue_work(each, graces_, now)) found.push_back(std::move(*overdue));
    return found;
}

task<> deadline_sweeper::sweep(std::vector<overdue_work> overdue) {
    if (sweeping_ > 0) co_return;
    const scoped_count sweeping{sweeping_};
    for (auto& each : overdue) {
        if (draining_) co_return;
        const auto id = each.runs.execution;
        const auto ended = co_await end(std::move(each));
        // What the store does not take is found again with the next heartbeat.
        const bool is_news = problem_.report(ended ? std::nullopt : std::optional{ended.error()});
        if (!ended && is_news)
            spdlog::warn("execution {} is overdue and cannot be ended: {}", to_string(id), ended.error().message);
    }
}

task<result<void>> deadline_sweeper::end(overdue_work overdue) {
    const auto id = overdue.runs.execution;
    if (overdue.planning_problem) {
        const auto planned = co_await store_.complete_planning(
            id, {.to_end = false, .error_message = *overdue.planning_problem}, time_.now());
        if (!planned) co_return planned;
    }
    const auto ended = co_await store_.end_runs(overdue.runs, time_.now());
    if (!ended) co_return std::unexpected{ended.error()};
    if (*ended > 0)
        spdlog::warn("execution {}: {} tenants ended without their steps, as {}", to_string(id), *ended,
                     overdue.runs.cause == end_cause::deadline ? "the deadline has passed" : "it was cancelled");
    if (*ended > 0 || overdue.planning_problem) on_swept_(id);
    co_return result<void>{};
}

}  // namespace orchestrator
