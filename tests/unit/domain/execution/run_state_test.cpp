// Tests of a tenant run's state machine, one situation at a time. run_state_properties_test.cpp has the random graphs.
#include "domain/execution/run_state.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/execution/step_graph.h"

namespace orchestrator {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr auto all_done = trigger_rule::all_done;
const steady_time now = steady_time{} + std::chrono::hours{1};

// The built-in daily chain: forecasts -> production -> (procurement, inventory); validation beside it; a summary last.
workflow_definition daily_chain() {
    return step_graph({{},                                                                 // 0 forecasts
                       {.after = {0}},                                                     // 1 production
                       {.after = {1}},                                                     // 2 procurement
                       {.after = {1}},                                                     // 3 inventory
                       {.after = {}, .critical = false},                                   // 4 validation
                       {.after = {0, 1, 2, 3, 4}, .rule = all_done, .critical = false}});  // 5 summary
}

void complete(run_state& state, std::initializer_list<std::size_t> steps) {
    for (const auto step : steps) {
        state.begin(step);
        state.conclude(step, step_status::completed);
    }
}

TEST(run_state, starts_every_step_without_dependencies_at_once) {
    const auto definition = daily_chain();
    const auto move = run_state{definition, {}}.next_move(now);
    EXPECT_EQ(move.start, steps_of({0, 4}));
    EXPECT_FALSE(move.end || move.wake_at || move.park_until);
}

TEST(run_state, starts_a_step_only_when_all_before_it_have_completed) {
    const auto definition = daily_chain();
    run_state state{definition, {}};
    complete(state, {4});
    state.begin(0);
    EXPECT_EQ(state.next_move(now).start, step_set{});
    state.conclude(0, step_status::completed);
    EXPECT_EQ(state.next_move(now).start, steps_of({1}));
    complete(state, {1});
    EXPECT_EQ(state.next_move(now).start, steps_of({2, 3}));
}

TEST(run_state, skips_everything_behind_a_failure_and_still_runs_the_summary) {
    const auto definition = daily_chain();
    run_state state{definition, {}};
    complete(state, {4});
    state.begin(0);
    EXPECT_EQ(state.conclude(0, step_status::failed), steps_of({1, 2, 3}));
    EXPECT_EQ(state.skipped(), steps_of({1, 2, 3}));
    EXPECT_EQ(state.next_move(now).start, steps_of({5}));
    complete(state, {5});
    EXPECT_EQ(state.next_move(now).end, run_status::failed);
}

TEST(run_state, skips_a_step_once_however_many_of_those_before_it_fail) {
    const auto definition = step_graph({{}, {}, {.after = {0, 1}}});
    run_state state{definition, {}};
    state.begin(0);
    state.begin(1);
    EXPECT_EQ(state.conclude(0, step_status::failed), steps_of({2}));
    EXPECT_EQ(state.conclude(1, step_status::failed), step_set{});
    EXPECT_EQ(state.next_move(now).end, run_status::failed);
}

struct ending {
    std::string_view what;
    std::vector<graph_step> steps;
    std::vector<step_status> outcomes;  // by step; completed ones behind a failure become skipped
    run_status expected;
};

class run_ending : public testing::TestWithParam<ending> {};

TEST_P(run_ending, is_judged_by_the_critical_steps) {
    const auto& [what, steps, outcomes, expected] = GetParam();
    const auto definition = step_graph(steps);
    run_state state{definition, {}};
    for (auto move = state.next_move(now); !move.end; move = state.next_move(now)) {
        ASSERT_FALSE(move.start.empty()) << what;
        for (const auto step : move.start) {
            state.begin(step);
            state.conclude(step, outcomes[step]);
        }
    }
    EXPECT_EQ(state.next_move(now).end, expected) << what;
}

constexpr auto ok = step_status::completed, bad = step_status::failed;

INSTANTIATE_TEST_SUITE_P(
    run_state, run_ending,
    testing::Values(
        ending{"all completed", {{}, {}}, {ok, ok}, run_status::completed},
        ending{"one of two failed", {{}, {}}, {ok, bad}, run_status::partial},
        ending{"all failed", {{}, {}}, {bad, bad}, run_status::failed},
        ending{"failed and the next skipped", {{}, {.after = {0}}}, {bad, ok}, run_status::failed},
        ending{"an uncritical step failed", {{}, {.critical = false}}, {ok, bad}, run_status::completed},
        ending{"only an uncritical step completed", {{}, {.critical = false}}, {bad, ok}, run_status::failed},
        ending{"nothing is critical", {{.critical = false}}, {bad}, run_status::completed},
        ending{"a report does not rescue", {{}, {.after = {0}, .rule = all_done}}, {bad, ok}, run_status::failed},
        ending{"a critical report failed", {{}, {.after = {0}, .rule = all_done}}, {ok, bad}, run_status::partial}));

TEST(run_state, waits_in_place_up_to_the_bound_and_parks_beyond_it) {
    const auto definition = step_graph({{}});
    run_state state{definition, {}};
    state.begin(0);
    state.wait({.step = 0, .attempts = 1, .retry_at = now + longest_wait_in_place});
    EXPECT_EQ(state.next_move(now).wake_at, now + longest_wait_in_place);
    EXPECT_FALSE(state.next_move(now).park_until);

    const auto earlier = now - nanoseconds{1};
    EXPECT_EQ(state.next_move(earlier).park_until, now + longest_wait_in_place);
    EXPECT_FALSE(state.next_move(earlier).wake_at);
    EXPECT_TRUE(state.next_move(earlier).start.empty());
}

TEST(run_state, tries_again_exactly_when_the_wait_is_over) {
    const auto definition = step_graph({{}});
    run_state state{definition, {}};
    state.begin(0);
    state.wait({.step = 0, .attempts = 1, .retry_at = now + seconds{1}});
    EXPECT_TRUE(state.next_move(now + seconds{1} - nanoseconds{1}).start.empty());
    EXPECT_EQ(state.next_move(now + seconds{1}).start, steps_of({0}));
}

TEST(run_state, does_not_park_while_another_step_runs_or_can_start) {
    const auto definition = step_graph({{}, {}});
    run_state state{definition, {}};
    state.begin(0);
    state.wait({.step = 0, .attempts = 1, .retry_at = now + seconds{60}});
    EXPECT_EQ(state.next_move(now).start, steps_of({1}));
    EXPECT_FALSE(state.next_move(now).park_until);
    state.begin(1);
    EXPECT_FALSE(state.next_move(now).park_until);
    EXPECT_EQ(state.next_move(now).wake_at, now + seconds{60});
    state.conclude(1, step_status::completed);
    EXPECT_EQ(state.next_move(now).park_until, now + seconds{60});
}

TEST(run_state, parks_until_the_earliest_of_several_waits) {
    const auto definition = step_graph({{}, {}});
    run_state state{definition, {}};
    for (const std::size_t step : {0, 1}) state.begin(step);
    state.wait({.step = 0, .attempts = 1, .retry_at = now + seconds{60}});
    state.wait({.step = 1, .attempts = 1, .retry_at = now + seconds{30}});
    EXPECT_EQ(state.next_move(now).park_until, now + seconds{30});
}

TEST(run_state, keeps_the_attempts_of_a_waiting_step_through_the_next_call) {
    const auto definition = step_graph({{}});
    run_state state{definition, {}};
    EXPECT_EQ(state.attempts(0), 0);
    state.begin(0);
    state.wait({.step = 0, .attempts = 1, .retry_at = now});
    state.begin(0);
    EXPECT_EQ(state.attempts(0), 1);
    EXPECT_TRUE(state.waiting().empty());
    state.wait({.step = 0, .attempts = 2, .retry_at = now});
    EXPECT_EQ(state.attempts(0), 2);
    ASSERT_EQ(state.waits().size(), 1U);
    state.conclude(0, step_status::completed);
    EXPECT_EQ(state.attempts(0), 0);
    EXPECT_TRUE(state.waits().empty());
}

TEST(run_state, cancel_skips_what_has_not_begun_and_waits_for_what_runs) {
    const auto definition = daily_chain();
    run_state state{definition, {}};
    complete(state, {4});
    state.begin(0);
    EXPECT_EQ(state.cancel(), steps_of({1, 2, 3, 5}));
    EXPECT_FALSE(state.next_move(now).end);
    EXPECT_TRUE(state.next_move(now).start.empty());
    EXPECT_EQ(state.conclude(0, step_status::completed), step_set{});
    EXPECT_EQ(state.next_move(now).end, run_status::cancelled);
}

TEST(run_state, cancel_skips_a_step_that_waits_for_a_retry) {
    const auto definition = step_graph({{}});
    run_state state{definition, {}};
    state.begin(0);
    state.wait({.step = 0, .attempts = 1, .retry_at = now + seconds{60}});
    EXPECT_EQ(state.cancel(), steps_of({0}));
    EXPECT_TRUE(state.waits().empty());
    EXPECT_EQ(state.next_move(now).end, run_status::cancelled);
}

TEST(run_state, cancelling_twice_skips_nothing_more) {
    const auto definition = daily_chain();
    run_state state{definition, {}};
    state.cancel();
    EXPECT_EQ(state.cancel(), step_set{});
}

TEST(run_state, what_was_carried_over_is_complete_and_does_not_start) {
    const auto definition = step_graph({{}, {.after = {0}}});
    run_state state{definition, steps_of({0})};
    EXPECT_EQ(state.carried_over(), steps_of({0}));
    EXPECT_EQ(state.next_move(now).start, steps_of({1}));
    complete(state, {1});
    EXPECT_EQ(state.next_move(now).end, run_status::completed);
}

TEST(run_state, goes_on_where_an_earlier_claim_stopped) {
    const auto definition = daily_chain();
    run_state state{definition, {}};
    state.restore(0, step_status::completed);
    state.restore(4, step_status::failed);
    state.restore_wait({.step = 1, .attempts = 2, .retry_at = now + seconds{10}});
    EXPECT_EQ(state.attempts(1), 2);
    EXPECT_EQ(state.next_move(now).park_until, now + seconds{10});
    EXPECT_EQ(state.next_move(now + seconds{10}).start, steps_of({1}));
}

TEST(run_state, ignores_a_stored_wait_of_a_step_that_has_ended_since) {
    const auto definition = step_graph({{}});
    run_state state{definition, {}};
    state.restore(0, step_status::completed);
    state.restore_wait({.step = 0, .attempts = 2, .retry_at = now + seconds{10}});
    EXPECT_TRUE(state.waits().empty());
    EXPECT_EQ(state.next_move(now).end, run_status::completed);
}

TEST(run_state, handles_as_many_steps_as_a_workflow_may_have) {
    std::vector<graph_step> chain(max_steps);
    for (std::size_t i = 1; i < max_steps; ++i) chain[i].after = {i - 1};
    const auto definition = step_graph(chain);
    run_state failing{definition, {}};
    failing.begin(0);
    EXPECT_EQ(failing.conclude(0, step_status::failed).size(), int(max_steps) - 1);
    EXPECT_EQ(failing.next_move(now).end, run_status::failed);

    run_state whole{definition, {}};
    for (std::size_t i = 0; i < max_steps; ++i) {
        ASSERT_EQ(whole.next_move(now).start, step_set::of(i));
        complete(whole, {i});
    }
    EXPECT_EQ(whole.next_move(now).end, run_status::completed);
}

}  // namespace
}  // namespace orchestrator
