// The engine as a whole in calm worlds: an execution from its opening to its end, cancellation, stop and health.
#include "engine/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <span>

#include "tests/simulation/world/random_world.h"

namespace orchestrator {
namespace {

using namespace simulation;
using std::chrono::seconds;

class engine_test : public testing::Test {
  protected:
    engine_test() {
        at_.services().set_tenants(random_tenants(draws_, 12, false));
        name_ = at_.start_instance();
    }
    ~engine_test() override { EXPECT_TRUE(at_.books().problems().empty()) << at_.report(); }

    void answer_after(milliseconds latency) {
        at_.services().script_steps([this, latency](const http_request&, int) {
            ++calls_;
            return answered(200, R"({"count":1})", latency);
        });
    }
    execution_id open() { return at_.open(definition_); }
    execution finished(execution_id id) {
        EXPECT_TRUE(at_.run_to_end({id}, std::chrono::hours{2})) << at_.report();
        at_.check_books(id);
        return at_.find(id);
    }
    [[nodiscard]] bool is_there() const { return !at_.instances().empty(); }

    draws draws_{5};
    world at_{{.seed = 5, .calls = {.adaptive = false}}};  // all calls start at once
    workflow_definition definition_ = daily_operations();
    std::string name_;
    int calls_ = 0;
};

TEST_F(engine_test, runs_every_step_of_every_tenant_once) {
    const auto ended = finished(open());
    EXPECT_EQ(ended.status, execution_status::completed);
    EXPECT_EQ(ended.steps.completed, 12 * 6);
    EXPECT_EQ(ended.steps.retries, 0);
    for (const auto& run : at_.runs_of(ended.id))
        for (const auto& name : definition_.step_names)
            EXPECT_EQ(at_.services().calls(idempotency_key(ended.id, run.tenant, name)), 1);
}

// A right that was taken away, or a table that was renamed.
TEST_F(engine_test, a_store_that_is_not_usable_holds_the_work_and_shows) {
    answer_after(milliseconds{2'000});
    const auto id = open();
    at_.run_for(seconds{1});
    at_.weather().fault = errc::store_unusable;
    at_.run_for(seconds{10});
    const auto health = at_.at(name_).health();
    ASSERT_TRUE(health.store_problem);
    EXPECT_EQ(health.store_problem->code, errc::store_unusable);
    const auto calls = calls_;
    at_.run_for(seconds{300});
    EXPECT_EQ(calls_, calls) << "nothing more is called";
    at_.weather().fault.reset();
    const auto ended = finished(id);
    EXPECT_EQ(ended.status, execution_status::completed);
    for (const auto& run : at_.runs_of(ended.id))
        for (const auto& name : definition_.step_names)
            EXPECT_EQ(at_.services().calls(idempotency_key(ended.id, run.tenant, name)), 1);
}

TEST_F(engine_test, an_outcome_that_the_store_cannot_hold_is_a_failure_that_says_so) {
    at_.weather().holds_ascii_only = true;
    auto tenants = at_.services().tenants();
    tenants[3].name = "Padaria do João";
    at_.services().set_tenants(tenants);
    at_.services().script_steps([](const http_request& request, int) {
        return answered(200, request.target.ends_with("/forecast") ? R"({"count":"pão"})" : R"({"count":1})");
    });
    const auto ended = finished(at_.open(workflow_from(R"({"workflow_name": "two", "steps": [
        {"name": "forecast", "service": "forecasting", "path": "/{{tenant.id}}/forecast", "critical": false},
        {"name": "plan", "service": "production", "path": "/{{tenant.id}}/plan"},
        {"name": "buy", "service": "procurement", "path": "/{{tenant.id}}/buy", "depends_on": ["forecast"]}]})")));
    EXPECT_EQ(ended.steps.failed, 12);
    EXPECT_EQ(ended.steps.skipped, 12);
    EXPECT_EQ(ended.steps.completed, 12);
    for (const auto& run : at_.runs_of(ended.id)) {
        const auto& forecast = *std::ranges::find(run.steps, 0, &step_record::step_index);
        if (run.tenant == tenants[3].id) {
            EXPECT_EQ(run.tenant_name, "Padaria do Jo??o");
        }
        EXPECT_EQ(forecast.error_code, "not_recordable");
        EXPECT_EQ(forecast.attempts, 1);
        EXPECT_TRUE(forecast.error_message.contains("has no equivalent in this database")) << forecast.error_message;
    }
    const auto health = at_.at(name_).health();
    EXPECT_FALSE(health.store_problem);
    ASSERT_FALSE(health.problems.empty());
    EXPECT_EQ(health.problems[0].kind, "store");
}

TEST_F(engine_test, a_log_that_the_store_cannot_hold_costs_no_outcome) {
    at_.weather().holds_ascii_only = true;
    answer_after(milliseconds{10});
    const auto ended = finished(at_.open(workflow_from(R"({"workflow_name": "one", "steps": [
        {"name": "bake", "service": "production", "path": "/{{tenant.id}}/bake", "message": "{{result.count}} pães"}]})")));
    EXPECT_EQ(ended.status, execution_status::completed);
    const auto logs = simulation::at_once(at_.store().list_logs(ended.id, {}));
    EXPECT_TRUE(std::ranges::any_of(logs, [](const log_entry& log) { return log.message == "1 p??es"; }));
}

TEST_F(engine_test, no_value_of_an_answer_stops_a_run) {
    for (const auto* value : {"12.5", "100.0", "1e400", "-1e400", "0e400", "123456789012345678901234567890", "1.5e-400",
                              "\"\\u0000\"", "\"\\ud800\"", "[[[[[[]]]]]]", "null"}) {
        at_.services().script_steps([value](const http_request& request, int) {
            const bool is_text = *value == '"' || *value == '[';
            if (request.target.contains("second/") && !is_text) {
                EXPECT_EQ(request.body, fmt::format(R"({{"count":{}}})", value));
                const auto shown = std::string_view{value} == "null" ? "N%2FA" : value;
                EXPECT_TRUE(request.target.ends_with(fmt::format("/second/{}", shown))) << request.target;
            }
            return answered(200,
                            fmt::format(R"({{"token":"is masked, so that all is written anew","count":{}}})", value));
        });
        const auto ended = finished(at_.open(workflow_from(R"({"workflow_name": "hostile", "steps": [
            {"name": "first", "service": "sales", "path": "/{{tenant.id}}/first"},
            {"name": "second", "service": "sales", "method": "POST", "path": "/{{tenant.id}}/second/{{steps.first.result.count}}", "depends_on": ["first"],
             "body": {"count": "{{steps.first.result.count}}"}, "message": "{{steps.first.result.count}}"}]})")));
        EXPECT_LT(*ended.completed_at - ended.created_at, seconds{60}) << value;
        for (const auto& run : at_.runs_of(ended.id))
            for (const auto& step : run.steps)
                EXPECT_TRUE(step.status == step_status::completed || !step.error_message.empty()) << value;
    }
}

TEST_F(engine_test, an_execution_without_tenants_ends) {
    at_.services().set_tenants({});
    const auto ended = finished(open());
    EXPECT_EQ(ended.tenants.total, 0);
    EXPECT_EQ(ended.status, execution_status::failed);
}

TEST(engine_with_two_places, a_tenant_that_is_deactivated_before_its_run_starts_is_left_out) {
    draws random{6};
    world at{{.seed = 6, .max_active_runs = 2, .claim_batch = 1}};
    auto tenants = random_tenants(random, 12, false);
    for (auto& each : tenants) each.tier = subscription_tier::starter;
    at.services().set_tenants(tenants);
    at.services().script_steps(
        [](const http_request&, int) { return answered(200, R"({"count":1})", milliseconds{1'000}); });
    at.start_instance();
    const auto first = at.open(daily_operations());
    at.run_for(seconds{1});
    const auto gone = tenants.back().id;
    tenants.pop_back();
    at.services().set_tenants(tenants);
    at.run_for(seconds{4});
    const auto second = at.open(daily_operations());  // looks at the tenants anew
    EXPECT_TRUE(at.run_to_end({first, second}, std::chrono::hours{1})) << at.report();
    at.check_books(first);
    at.check_books(second);
    EXPECT_EQ(at.find(first).tenants.cancelled, 1);
    EXPECT_EQ(at.find(first).tenants.completed, 11);
    EXPECT_EQ(at.find(second).tenants.total, 11);
    for (const auto& run : at.runs_of(first)) {
        EXPECT_EQ(run.status, run.tenant == gone ? run_status::cancelled : run_status::completed);
        if (run.tenant != gone) continue;
        ASSERT_EQ(run.steps.size(), 6U);
        EXPECT_EQ(run.steps[0].error_code, "tenant_inactive");
        EXPECT_TRUE(run.steps[0].error_message.contains("does not know this tenant any more"));
    }
    EXPECT_EQ(at.services().tenant_calls(), 1);
}

TEST_F(engine_test, finds_an_execution_of_which_it_was_not_told) {
    EXPECT_EQ(finished(at_.open(definition_, {}, {}, false)).status, execution_status::completed);
}

TEST_F(engine_test, makes_up_for_past_occurrences_a_few_at_a_time) {
    answer_after(seconds{2});
    workflow daily;
    daily.id = draws_.id<workflow_id>(at_.time().now());
    daily.workflow_name = "daily";
    daily.steps = R"([{"name": "bake", "service": "production", "path": "/bake/{{tenant.id}}"}])";
    daily.when = {.cron_expression = "0 8 * * *", .timezone = "Europe/Madrid"};
    daily.created_at = daily.updated_at = at_.time().now();
    at_once(at_.store().insert_workflow(daily));
    const auto day = [&](int ago) { return at_.time().now() - std::chrono::days{ago}; };
    const backfill wanted{.id = draws_.id<backfill_id>(at_.time().now()),
                          .workflow = daily.id,
                          .workflow_name = "daily",
                          .definition = compile_workflow(daily).value().source,
                          .max_concurrent = 2,
                          .created_at = at_.time().now()};
    at_once(at_.store().insert_backfill(wanted, {day(5), day(4), day(3), day(2), day(1)}));
    at_.at(name_).schedules_changed();
    std::int64_t most_at_once = 0;
    const auto is_done = [&] {
        const auto seen = at_once(at_.store().find_backfill(wanted.id));
        most_at_once = std::max(most_at_once, seen.progress.opened - seen.progress.ended);
        return seen.is_done();
    };
    EXPECT_TRUE(at_.run_until(is_done, std::chrono::minutes{5})) << at_.report();
    EXPECT_EQ(most_at_once, 2);
    const auto all = at_once(at_.store().list_executions({}));
    EXPECT_EQ(all.size(), 5U);
    for (const auto& each : all) {
        EXPECT_TRUE(each.is_backfill);
        EXPECT_EQ(each.status, execution_status::completed);
        EXPECT_EQ(each.tenants.total, 12);
        at_.check_books(each.id);
    }
}

TEST_F(engine_test, a_definition_that_cannot_be_read_ends_with_the_deadline_and_says_why_before) {
    auto broken = definition_;
    broken.source = R"({"workflow_name":"x","steps":[]})";
    const auto id = at_.open(broken);
    at_.run_for(seconds{10});
    EXPECT_TRUE(at_.find(id).error_message.contains("cannot read the definition")) << at_.find(id).error_message;
    const auto ended = finished(id);
    EXPECT_EQ(ended.status, execution_status::failed);
    EXPECT_TRUE(ended.error_message.contains("cannot read the definition")) << ended.error_message;
}

TEST_F(engine_test, a_cancellation_ends_the_calls_in_flight_and_skips_the_rest) {
    answer_after(seconds{100});
    const auto id = open();
    at_.run_for(seconds{5});
    EXPECT_EQ(at_.at(name_).health().calls_in_flight, 24);
    at_.cancel(id);
    at_.run_for(seconds{1});
    EXPECT_EQ(at_.at(name_).health().calls_in_flight, 0);
    const auto ended = finished(id);
    EXPECT_EQ(ended.status, execution_status::cancelled);
    EXPECT_EQ(ended.steps.failed, 24);
    EXPECT_EQ(ended.steps.skipped, 48);
    EXPECT_LT(at_.time().elapsed(), seconds{20});
}

TEST_F(engine_test, a_cancellation_while_it_plans_ends_the_execution) {
    at_.services().script_tenants([](const http_request&, int) { return hanging(); });
    const auto id = open();
    at_.run_for(seconds{2});
    at_.cancel(id);
    EXPECT_EQ(finished(id).status, execution_status::cancelled);
}

TEST(engine_in_a_slow_world, a_cancellation_that_arrives_while_the_execution_is_read_is_not_lost) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        world at{{.seed = seed}};
        draws random{seed};
        at.services().set_tenants(random_tenants(random, 3, false));
        at.services().script_steps([](const http_request&, int) { return hanging(); });
        const auto first = at.start_instance();
        const auto id = at.open(daily_operations());
        at.run_for(seconds{1});
        at.crash(first, true);
        at.weather().slowest = seconds{3};
        at.start_instance();
        ASSERT_TRUE(at.run_until([&] { return at.books().claim_order().size() == 6; }, seconds{60}));
        at.run_for(random.time(0, 4'000));
        at.cancel(id);
        EXPECT_TRUE(at.run_to_end({id}, seconds{120})) << at.report();
    }
}

TEST(engine_in_a_slow_world, a_stop_waits_for_what_it_has_sent_to_the_store) {
    for (auto moment = milliseconds{0}; moment < seconds{12}; moment += milliseconds{200}) {
        world at{{.seed = 4}};
        draws random{4};
        at.services().set_tenants(random_tenants(random, 3, false));
        at.weather().slowest = seconds{2};
        const auto only = at.start_instance();
        at.open(daily_operations());
        at.run_for(moment);
        at.stop_gracefully(only, seconds{60});
        EXPECT_TRUE(at.run_until([&] { return at.instances().empty(); }, seconds{90})) << at.report();
        EXPECT_TRUE(at.books().problems().empty()) << at.report();
    }
}

TEST_F(engine_test, a_parked_run_of_a_cancelled_execution_does_not_wait) {
    // A few only: a service that fails as a whole is waited for in place.
    const auto few = std::span{at_.services().tenants()}.first(4);
    at_.services().script_steps([few](const http_request& request, int) {
        if (std::ranges::none_of(few, [&](const tenant& each) { return request.body.contains(to_string(each.id)); }))
            return answered(200);
        auto failed = answered(500);
        failed.response.headers.emplace_back("Retry-After", "600");
        return failed;
    });
    const auto id = open();
    at_.run_for(seconds{10});
    EXPECT_EQ(at_.at(name_).health().active_runs, 0);
    EXPECT_EQ(at_.find(id).tenants.ended(), 8);
    at_.cancel(id);
    EXPECT_EQ(finished(id).status, execution_status::cancelled);
    EXPECT_LT(at_.time().elapsed(), seconds{60});
}

TEST_F(engine_test, the_deadline_ends_everything) {
    at_.services().script_steps([](const http_request&, int) { return hanging(); });
    const auto ended = finished(open());
    EXPECT_EQ(ended.status, execution_status::failed);
    EXPECT_LE(at_.time().elapsed(), seconds{3'600 + 30});
}

TEST_F(engine_test, a_stop_lets_calls_under_way_end_and_gives_the_runs_back) {
    answer_after(seconds{4});
    const auto id = open();
    at_.run_for(seconds{1});
    at_.stop_gracefully(name_, seconds{30});
    EXPECT_FALSE(at_.at(name_).health().accepting);
    EXPECT_TRUE(at_.run_until([&] { return !is_there(); }, seconds{10})) << at_.report();
    for (const auto& run : at_.runs_of(id)) {
        EXPECT_EQ(run.status, run_status::pending);
        EXPECT_EQ(run.steps.size(), 2U);  // the two steps that depend on nothing
    }
    at_.start_instance();
    EXPECT_EQ(finished(id).steps.completed, 12 * 6);
    for (const auto& run : at_.runs_of(id))
        EXPECT_EQ(at_.services().calls(idempotency_key(id, run.tenant, "generate_forecasts")), 1);
}

TEST(engine_with_one_place, calls_for_nobody_who_waits_for_it_once_it_stops) {
    world at{{.seed = 4, .calls = {.total = 1}}};
    draws random{4};
    at.services().set_tenants(random_tenants(random, 3, false));
    at.services().script_steps([](const http_request&, int) { return answered(200, "{}", seconds{4}); });
    const auto only = at.start_instance();
    const auto definition = daily_operations();
    const auto id = at.open(definition);
    at.run_for(seconds{1});
    EXPECT_EQ(at.at(only).health().calls_in_flight, 1);
    at.stop_gracefully(only, seconds{60});
    EXPECT_TRUE(at.run_until([&] { return at.instances().empty(); }, seconds{6})) << at.report();
    int called = 0;
    std::size_t recorded = 0;
    for (const auto& run : at.runs_of(id)) {
        EXPECT_EQ(run.status, run_status::pending);
        recorded += run.steps.size();
        for (const auto& name : definition.step_names)
            called += at.services().calls(idempotency_key(id, run.tenant, name));
    }
    EXPECT_EQ(called, 1);
    EXPECT_EQ(recorded, 1U);
    at.start_instance();
    EXPECT_TRUE(at.run_to_end({id}, std::chrono::hours{1})) << at.report();
    at.check_books(id);
    EXPECT_TRUE(at.books().problems().empty()) << at.report();
}

TEST_F(engine_test, a_stop_cuts_what_outlasts_it_and_the_next_instance_calls_again) {
    answer_after(seconds{100});
    const auto id = open();
    at_.run_for(seconds{1});
    at_.stop_gracefully(name_, seconds{5});
    EXPECT_TRUE(at_.run_until([&] { return !is_there(); }, seconds{8})) << at_.report();
    for (const auto& run : at_.runs_of(id)) EXPECT_TRUE(run.steps.empty());
    answer_after(seconds{1});
    at_.start_instance();
    EXPECT_EQ(finished(id).status, execution_status::completed);
}

TEST_F(engine_test, a_stop_that_takes_longer_than_the_lease_keeps_its_runs_until_their_calls_end) {
    answer_after(seconds{50});  // more than the lease
    const auto id = open();
    at_.run_for(seconds{1});
    at_.start_instance();
    at_.stop_gracefully(name_, seconds{90});
    at_.run_for(seconds{55});
    EXPECT_EQ(at_.instances().size(), 1U);
    for (const auto& run : at_.runs_of(id))
        EXPECT_EQ(at_.services().calls(idempotency_key(id, run.tenant, "generate_forecasts")), 1);
    EXPECT_EQ(finished(id).steps.completed, 12 * 6);
}

TEST_F(engine_test, a_stop_does_not_wait_for_a_store_that_takes_nothing) {
    open();
    at_.run_for(milliseconds{50});
    at_.weather().fault = errc::store_full;
    at_.stop_gracefully(name_, seconds{5});
    EXPECT_TRUE(at_.run_until([&] { return !is_there(); }, seconds{10})) << at_.report();
}

TEST_F(engine_test, a_stop_while_it_plans_leaves_planning_to_the_next_instance) {
    at_.services().script_tenants([](const http_request&, int nth) { return nth < 3 ? hanging() : answered(200, ""); });
    const auto id = open();
    at_.run_for(seconds{1});
    at_.stop_gracefully(name_, seconds{20});
    EXPECT_TRUE(at_.run_until([&] { return !is_there(); }, seconds{3})) << at_.report();
    at_.start_instance();
    EXPECT_EQ(finished(id).tenants.total, 12);
}

TEST_F(engine_test, an_outage_of_the_store_for_longer_than_the_lease_takes_no_run_from_anybody) {
    answer_after(seconds{2});
    at_.start_instance();
    at_.run_for(seconds{6});  // they know of each other
    const auto id = open();
    at_.run_for(seconds{1});
    at_.weather().fault = errc::store_unavailable;
    at_.run_for(seconds{40});
    at_.weather().fault.reset();
    const auto ended = finished(id);
    EXPECT_EQ(ended.steps.completed, 12 * 6);
    for (const auto& instance : at_.instances()) EXPECT_EQ(at_.at(instance).health().refused_writes, 0);
    for (const auto& run : at_.runs_of(id))
        for (const auto& name : definition_.step_names)
            EXPECT_EQ(at_.services().calls(idempotency_key(id, run.tenant, name)), 1);
}

TEST_F(engine_test, a_step_that_waits_for_its_retry_keeps_its_attempts_over_a_stop) {
    at_.services().set_tenants(random_tenants(draws_, 1, false));
    at_.services().script_steps(
        [](const http_request&, int nth) { return nth == 1 ? answered(503) : answered(200, "{}", seconds{2}); });
    const auto id = open();
    at_.run_for(milliseconds{20});
    at_.stop_gracefully(name_, seconds{10});
    ASSERT_TRUE(at_.run_until([&] { return !is_there(); }, seconds{10}));
    at_.start_instance();
    EXPECT_EQ(finished(id).steps.retries, 6);
}

TEST_F(engine_test, the_health_check_tells_of_a_store_that_cannot_write) {
    answer_after(seconds{2});
    const auto id = open();
    at_.run_for(seconds{1});
    EXPECT_FALSE(at_.at(name_).health().store_problem);
    at_.weather().fault = errc::store_full;
    at_.run_for(seconds{30});
    ASSERT_TRUE(at_.at(name_).health().store_problem);
    EXPECT_EQ(at_.at(name_).health().store_problem->code, errc::store_full);
    EXPECT_EQ(at_.at(name_).health().calls_in_flight, 0);  // nothing goes on that cannot be recorded
    at_.weather().fault.reset();
    EXPECT_EQ(finished(id).status, execution_status::completed);
    EXPECT_FALSE(at_.at(name_).health().store_problem);
    EXPECT_EQ(at_.books().refused_entries(), 0U);
}

TEST_F(engine_test, a_step_that_two_failures_skip_is_told_of_once) {
    definition_ = workflow_from(R"({"workflow_name":"fork","max_retries":0,"steps":[
        {"name":"a","service":"sales","path":"/{{tenant.id}}"}, {"name":"b","service":"sales","path":"/{{tenant.id}}"},
        {"name":"c","service":"sales","path":"/{{tenant.id}}","depends_on":["a","b"]}]})");
    at_.services().script_steps([](const http_request&, int) { return answered(400); });
    const auto ended = finished(open());
    EXPECT_EQ(ended.steps.skipped, 12);
    log_query skips;
    skips.step_name = "c";
    EXPECT_EQ(at_once(at_.store().list_logs(ended.id, skips)).size(), 12U);
}

TEST_F(engine_test, an_instance_that_cannot_renew_its_lease_says_so) {
    at_.run_for(seconds{10});
    EXPECT_FALSE(at_.at(name_).health().store_problem);
    at_.weather().fault = errc::store_unavailable;
    at_.run_for(seconds{10});  // nothing is recorded meanwhile: the journal has no reason to complain
    ASSERT_TRUE(at_.at(name_).health().store_problem);
    EXPECT_EQ(at_.at(name_).health().store_problem->code, errc::store_unavailable);
    at_.weather().fault.reset();
    at_.run_for(seconds{3});
    EXPECT_FALSE(at_.at(name_).health().store_problem) << "it is tried again each second, not with each heartbeat";
}

TEST_F(engine_test, a_full_store_does_not_multiply_the_tries_to_end_an_execution) {
    answer_after(milliseconds{1});
    const auto id = open();
    at_.weather().slowest = milliseconds{0};
    ASSERT_TRUE(at_.run_until([&] { return at_.find(id).tenants.ended() == 12; }, seconds{100}));
    at_.weather().fault = errc::store_full;
    at_.run_for(seconds{600});
    EXPECT_LT(at_.weather().failed_calls, 2'500);  // about one each second, the heartbeats, and who leads
    at_.weather().fault.reset();
    EXPECT_EQ(finished(id).status, execution_status::completed);
}

}  // namespace
}  // namespace orchestrator
