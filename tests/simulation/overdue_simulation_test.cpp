// Executions that no worker ends: instances of an older version that cannot read what a newer one started, and
// deadlines that pass while runs wait. Each ends by its deadline and a grace, a cancellation takes effect, and
// schedules go on.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int tenants = 20;
constexpr seconds soon_after{20};  // the grace of what waits, and some heartbeats

class overdue_execution : public testing::TestWithParam<std::uint64_t> {
  protected:
    overdue_execution() { at_.services().set_tenants(random_tenants(draws_, tenants, false)); }
    ~overdue_execution() override { EXPECT_TRUE(at_.books().problems().empty()) << at_.report(); }

    std::string start_older() {
        auto name = at_.start_instance();
        at_.weather().older.insert(name);
        return name;
    }
    // Two steps, `seconds_each` long; its deadline comes after a minute.
    execution_id open(int seconds_each) {
        at_.services().script_steps(
            [=](const http_request&, int) { return answered(200, R"({"count":1})", seconds{seconds_each}); });
        return at_.open(workflow_from(R"({"workflow_name":"two","max_execution_time_seconds":60,"steps":[
            {"name":"bake","service":"production","path":"/bake/{{tenant.id}}"},
            {"name":"sell","service":"sales","path":"/sell/{{tenant.id}}","depends_on":["bake"]}]})"));
    }
    static workflow_definition one_hour() {
        return workflow_from(R"({"workflow_name":"one","max_execution_time_seconds":3600,"steps":[
            {"name":"bake","service":"production","path":"/bake/{{tenant.id}}"}]})");
    }
    execution ended(execution_id id, milliseconds longest = minutes{30}) {
        EXPECT_TRUE(at_.run_to_end({id}, longest)) << at_.report();
        at_.check_books(id);
        return at_.find(id);
    }
    static milliseconds lateness(const execution& at) { return at.completed_at.value() - at.deadline_at; }

    draws draws_{GetParam()};
    world at_{{.seed = GetParam(), .calls = {.adaptive = false}}};  // all calls start at once
};

TEST_P(overdue_execution, that_nobody_can_plan_ends_after_its_deadline_and_says_why) {
    start_older();
    const auto at = ended(open(1));
    EXPECT_EQ(at.status, execution_status::failed);
    EXPECT_LE(lateness(at), soon_after);
    EXPECT_TRUE(at.error_message.contains("planning was not over by the deadline")) << at.error_message;
    EXPECT_TRUE(at.error_message.contains("cannot read the definition")) << at.error_message;
}

TEST_P(overdue_execution, that_only_others_could_read_ends_after_its_deadline) {
    const auto newer = at_.start_instance();
    const auto id = open(10);
    at_.run_for(seconds{13});  // each has one step behind it
    const auto older = start_older();
    at_.crash(newer, true);
    at_.run_for(seconds{10});
    EXPECT_EQ(at_.at(older).health().active_runs, 0) << "what it cannot read takes no place";
    EXPECT_LE(at_.books().claim_order().size(), std::size_t{2 * tenants}) << "nor is it claimed again and again";
    const auto at = ended(id);
    EXPECT_EQ(at.status, execution_status::partial);
    EXPECT_EQ(at.tenants.partial, tenants);
    EXPECT_EQ(at.steps.skipped, tenants);
    EXPECT_LE(lateness(at), soon_after);
}

TEST_P(overdue_execution, completes_when_somebody_who_can_read_it_comes) {
    start_older();
    const auto id = at_.open(one_hour());
    at_.run_for(seconds{20});
    EXPECT_EQ(at_.find(id).tenants.total, 0);
    at_.start_instance();
    EXPECT_EQ(ended(id, minutes{55}).status, execution_status::completed);
}

TEST_P(overdue_execution, is_shared_by_those_that_can_read_it) {
    start_older();
    start_older();
    at_.start_instance();
    EXPECT_EQ(ended(at_.open(one_hour(), {}, {}, false), minutes{55}).status, execution_status::completed);
}

TEST_P(overdue_execution, is_cancelled_whoever_can_read_it) {
    const auto newer = at_.start_instance();
    const auto planned = open(10);
    at_.run_for(seconds{3});
    start_older();
    at_.crash(newer, true);
    const auto unplanned = at_.open(daily_operations(), {}, {}, false);
    at_.run_for(seconds{15});
    at_.cancel(planned);
    at_.cancel(unplanned);
    const auto at = ended(planned, soon_after);
    EXPECT_EQ(at.status, execution_status::cancelled);
    EXPECT_EQ(at.tenants.cancelled, tenants);
    EXPECT_EQ(ended(unplanned, soon_after).status, execution_status::cancelled);
}

TEST_P(overdue_execution, ends_although_its_runs_wait_for_a_long_retry) {
    at_.start_instance();
    at_.services().script_steps([](const http_request&, int) {
        auto throttled = answered(503);
        throttled.response.headers.emplace_back("Retry-After", "3000");
        return throttled;
    });
    const auto at = ended(at_.open(one_hour()), minutes{70});
    EXPECT_LE(lateness(at), soon_after);
}

// A holder that hangs, whose heartbeats go on: as if a wait had forgotten its deadline.
TEST_P(overdue_execution, ends_although_somebody_holds_on_to_it) {
    at_.start_instance();
    const auto id = open(1);
    at_.run_for(seconds{1});
    at_once(at_.store().renew_lease("somebody", std::chrono::hours{10}, at_.time().now()));
    const auto another = at_.open(workflow_from(R"({"workflow_name":"one","max_execution_time_seconds":60,"steps":[
        {"name":"bake","service":"production","path":"/bake/{{tenant.id}}"}]})"),
                                  {}, {}, false);
    planned_run run{
        .for_tenant = at_.services().tenants().front(), .steps_total = 1, .carried_over = {}, .next_service = {}};
    at_once(at_.store().insert_runs(another, {run}, at_.time().now()));
    const auto held = at_once(at_.store().claim_runs("somebody", 1, at_.time().now(), {}));
    ASSERT_EQ(held.size(), 1U);
    at_.books().claimed("somebody", held);
    EXPECT_EQ(ended(id).status, execution_status::completed);
    const auto at = ended(another);
    EXPECT_GE(lateness(at), seconds{60});
    EXPECT_LE(lateness(at), seconds{80});
    const journal_entry late{.claim = held[0].claim,
                             .execution = another,
                             .steps = {},
                             .logs = {},
                             .outcome = run_outcome{.status = run_status::completed, .not_before = {}, .waits = {}}};
    EXPECT_EQ(at_once(at_.store().commit({late}, at_.time().now())).refused.size(), 1U);
}

// With overlap_policy skip an execution that never ends would be the last of its schedule.
TEST_P(overdue_execution, does_not_stop_its_schedule) {
    workflow hourly;
    hourly.id = draws_.id<workflow_id>(at_.time().now());
    hourly.workflow_name = "hourly";
    hourly.max_execution_time_seconds = 600;
    hourly.steps = R"([{"name":"bake","service":"production","path":"/bake/{{tenant.id}}"}])";
    hourly.when = {.cron_expression = "0 * * * *", .timezone = "Europe/Madrid"};
    hourly.created_at = hourly.updated_at = at_.time().now();
    at_once(at_.store().insert_workflow(hourly));
    start_older();
    at_.run_for(std::chrono::hours{5});
    int started = 0;
    for (const auto& each :
         at_once(at_.store().list_occurrences(hourly.id, {}, at_.time().now() + std::chrono::hours{1}, 100)))
        started += each.outcome == occurrence_outcome::started;
    EXPECT_GE(started, 4) << "each ends before the next";
    EXPECT_LE(at_once(at_.store().open_executions()).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(seeds, overdue_execution, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace orchestrator::simulation
