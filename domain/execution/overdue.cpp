#include "domain/execution/overdue.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator {
namespace {

std::string planning_problem_of(const execution& open) {
    const std::string late = "planning was not over by the deadline";
    return open.error_message.empty() ? late : fmt::format("{}; {}", late, open.error_message);
}

std::optional<overdue_work> find_cancelled_work(const execution& open, end_graces graces, system_time now) {
    // A version that notes no time may have requested it: the time is noted with the next request.
    if (open.cancel_requested_at.value_or(now) > now) return std::nullopt;
    const bool is_late = open.cancel_requested_at && *open.cancel_requested_at + graces.held <= now;
    overdue_work found{.planning_problem = {},
                       .runs = {.execution = open.id,
                                .cause = end_cause::cancellation,
                                .grace = is_late ? graces.held : milliseconds{0},
                                .is_held_too = is_late}};
    const bool plans_on = open.cancel_requested_at && *open.cancel_requested_at + graces.waiting <= now;
    if (plans_on && !open.planning_complete) found.planning_problem = "";
    return found;
}

std::optional<overdue_work> find_late_work(const execution& open, end_graces graces, system_time now) {
    if (open.deadline_at + graces.waiting > now) return std::nullopt;
    const bool is_late = open.deadline_at + graces.held <= now;
    overdue_work found{.planning_problem = {},
                       .runs = {.execution = open.id,
                                .cause = end_cause::deadline,
                                .grace = is_late ? graces.held : graces.waiting,
                                .is_held_too = is_late}};
    if (!open.planning_complete) found.planning_problem = planning_problem_of(open);
    return found;
}

}  // namespace

std::optional<overdue_work> find_overdue_work(const execution& open, end_graces graces, system_time now) {
    if (is_final(open.status)) return std::nullopt;
    auto found = open.cancel_requested ? find_cancelled_work(open, graces, now) : find_late_work(open, graces, now);
    const bool has_open_runs = open.tenants.ended() < open.tenants.total;
    if (!found || (!has_open_runs && !found->planning_problem)) return std::nullopt;
    return found;
}

bool is_time_for(const run_ending& ending, const execution& open, system_time now) {
    if (ending.cause == end_cause::deadline) return open.deadline_at + ending.grace <= now;
    const bool is_at_once = ending.grace == milliseconds{0};
    return open.cancel_requested &&
           (is_at_once || (open.cancel_requested_at && *open.cancel_requested_at + ending.grace <= now));
}

step_record skipped_step(end_cause cause, system_time now) {
    const bool is_late = cause == end_cause::deadline;
    step_record skipped;
    skipped.status = step_status::skipped;
    skipped.started_at = now;
    skipped.error_code = is_late ? "deadline_exceeded" : "cancelled";
    skipped.error_message = is_late ? "the deadline passed before this step could be called"
                                    : "the execution was cancelled before this step could be called";
    return skipped;
}

std::string_view words_before_service(end_cause cause) {
    return cause == end_cause::deadline ? "; the run waited to call " : "";
}

log_entry end_log(end_cause cause, std::int64_t runs, system_time now) {
    log_entry log;
    log.level = log_level::warning;
    log.message = fmt::format("{}: {} ended, and their steps without an outcome are skipped",
                              cause == end_cause::deadline ? "the deadline has passed" : "the execution was cancelled",
                              runs == 1 ? "one tenant is" : fmt::format("{} tenants are", runs));
    log.logged_at = now;
    return log;
}

int runs_of_steps(int most_steps, std::int64_t all_steps, std::int64_t all_runs) {
    const auto steps_of_run = std::max<std::int64_t>(1, all_steps / std::max<std::int64_t>(1, all_runs));
    return int(std::max<std::int64_t>(1, most_steps / steps_of_run));
}

}  // namespace orchestrator
