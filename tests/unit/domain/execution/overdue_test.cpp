#include "domain/execution/overdue.h"

#include <gtest/gtest.h>

namespace orchestrator {
namespace {

using std::chrono::seconds;

constexpr system_time deadline{milliseconds{1'762'400'000'000}};
constexpr end_graces graces{.waiting = seconds{5}, .held = seconds{60}};

execution open_with_runs() {
    execution open;
    open.id = {make_uuid_v7(deadline, {1, 1})};
    open.status = execution_status::running;
    open.planning_complete = true;
    open.deadline_at = deadline;
    open.tenants = {.total = 3, .completed = 1};
    return open;
}

run_ending ending(end_cause cause, milliseconds grace, bool is_held_too) {
    return {.execution = open_with_runs().id, .cause = cause, .grace = grace, .is_held_too = is_held_too};
}

TEST(find_overdue_work, ends_what_waits_soon_after_the_deadline_and_what_is_held_later) {
    const auto open = open_with_runs();
    EXPECT_FALSE(find_overdue_work(open, graces, deadline + milliseconds{4'999}));
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{5})->runs,
              ending(end_cause::deadline, graces.waiting, false));
    EXPECT_EQ(find_overdue_work(open, graces, deadline + milliseconds{59'999})->runs,
              ending(end_cause::deadline, graces.waiting, false));
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{60})->runs,
              ending(end_cause::deadline, graces.held, true));
}

TEST(find_overdue_work, a_cancellation_ends_what_waits_at_once_and_what_is_held_later_whatever_the_deadline) {
    auto open = open_with_runs();
    open.cancel_requested = true;
    const auto at_once = ending(end_cause::cancellation, seconds{0}, false);
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{900})->runs, at_once) << "nobody knows since when";
    open.cancel_requested_at = deadline - seconds{100};
    EXPECT_EQ(find_overdue_work(open, graces, deadline - seconds{41})->runs, at_once);
    EXPECT_EQ(find_overdue_work(open, graces, deadline - seconds{40})->runs,
              ending(end_cause::cancellation, graces.held, true));
}

TEST(find_overdue_work, planning_is_over_with_the_deadline_and_says_what_it_waited_for) {
    auto open = open_with_runs();
    open.planning_complete = false;
    EXPECT_FALSE(find_overdue_work(open, graces, deadline));
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{5})->planning_problem,
              "planning was not over by the deadline");
    open.error_message = "planning waits: tenant answered HTTP 503";
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{5})->planning_problem,
              "planning was not over by the deadline; planning waits: tenant answered HTTP 503");
    open.cancel_requested = true;
    open.cancel_requested_at = deadline;
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{4})->planning_problem, std::nullopt);
    EXPECT_EQ(find_overdue_work(open, graces, deadline + seconds{5})->planning_problem, "");
}

TEST(find_overdue_work, nothing_is_overdue_of_what_has_ended) {
    auto open = open_with_runs();
    open.tenants.failed = 2;
    EXPECT_FALSE(find_overdue_work(open, graces, deadline + seconds{900})) << "it only waits for its end";
    open = open_with_runs();
    open.status = execution_status::completed;
    EXPECT_FALSE(find_overdue_work(open, graces, deadline + seconds{900}));
}

}  // namespace
}  // namespace orchestrator
