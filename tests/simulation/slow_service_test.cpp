// Services that hang, throttle or go away: they cost the others nothing, nobody an attempt, and everything ends in
// time.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

using std::chrono::seconds;

constexpr milliseconds longest = std::chrono::hours{2};

workflow_definition one_step(const std::string& service, int deadline_seconds = 3'600) {
    return workflow_from(fmt::format(R"({{"workflow_name": "on_{0}", "max_execution_time_seconds": {1},
        "steps": [{{"name": "ask", "service": "{0}", "path": "/{{{{tenant.id}}}}", "timeout_seconds": 600}}]}})",
                                     service, deadline_seconds));
}

workflow_definition two_steps(const std::string& first, const std::string& second) {
    return workflow_from(fmt::format(R"({{"workflow_name": "on_{0}_{1}", "max_execution_time_seconds": 3600, "steps": [
        {{"name": "ask", "service": "{0}", "path": "/{{{{tenant.id}}}}"}},
        {{"name": "then", "service": "{1}", "path": "/{{{{tenant.id}}}}", "depends_on": ["ask"], "timeout_seconds": 3600}}]}})",
                                     first, second));
}

class slow_service : public testing::Test {
  protected:
    slow_service() {
        draws random{1};
        tenants_ = random_tenants(random, 1'000, false);
        at_.services().set_tenants(tenants_);
    }
    void script(std::function<scripted_answer(const std::string& service)> how) {
        at_.services().script_steps([how](const http_request& request, int) { return how(request.origin->host); });
    }
    milliseconds time_of(execution_id id) {
        const auto began = at_.time().steady_now();
        EXPECT_TRUE(at_.run_to_end({id}, longest)) << at_.report();
        return std::chrono::duration_cast<milliseconds>(at_.time().steady_now() - began);
    }
    void expect_clean(execution_id id) {
        at_.check_books(id);
        EXPECT_TRUE(at_.books().problems().empty()) << at_.report();
        EXPECT_EQ(at_.find(id).status, execution_status::completed);
        for (const auto& run : at_.runs_of(id)) EXPECT_EQ(run.steps.at(0).attempts, 1);
    }

    world at_{{.seed = 1, .max_active_runs = 2'048}};
    std::vector<tenant> tenants_;
};

TEST_F(slow_service, one_that_hangs_starves_no_other) {
    script([](const std::string& service) {
        return service == "forecasting" ? hanging() : answered(200, "{}", milliseconds{50});
    });
    at_.start_instance();
    const auto alone = time_of(at_.open(one_step("inventory")));
    at_.open(one_step("forecasting"));
    at_.run_for(seconds{20});
    const auto beside = time_of(at_.open(one_step("inventory")));
    EXPECT_LE(beside.count() * 9, alone.count() * 10) << beside.count() << " ms, alone " << alone.count();
    const auto health = at_.at(at_.instances().front()).health();
    ASSERT_EQ(health.problems.size(), 1U);
    EXPECT_EQ(health.problems[0].subject, "forecasting");
}

TEST_F(slow_service, three_that_hang_do_not_either) {
    script([](const std::string& service) {
        return service == "inventory" ? answered(200, "{}", milliseconds{50}) : hanging();
    });
    at_.start_instance();
    const auto alone = time_of(at_.open(one_step("inventory")));
    for (const auto* service : {"forecasting", "production", "sales"}) at_.open(one_step(service));
    at_.run_for(seconds{20});
    const auto beside = time_of(at_.open(one_step("inventory")));
    EXPECT_LE(beside.count() * 9, alone.count() * 10) << beside.count() << " ms, alone " << alone.count();
}

// Runs that have got further than their first step wait for a service that hangs, and leave less room than a batch.
TEST_F(slow_service, those_that_hang_behind_one_that_is_well_do_not_stop_it) {
    world busy{{.seed = 1, .max_active_runs = 2'048, .claim_batch = 512}};
    busy.services().set_tenants(tenants_);
    busy.services().script_steps([](const http_request& request, int) {
        return request.origin->host == "inventory" ? answered(200, "{}", milliseconds{50}) : hanging();
    });
    busy.start_instance();
    for (const auto* then : {"forecasting", "production", "sales"})
        for (int i = 0; i < 3; ++i) busy.open(two_steps("inventory", then));
    busy.run_for(seconds{60});
    const auto healthy = busy.open(one_step("inventory"));
    EXPECT_TRUE(busy.run_to_end({healthy}, seconds{120})) << busy.report();
}

// Each could go on with either. They are not claimed again and again, and nobody comes after them.
TEST_F(slow_service, runs_whose_next_services_all_hang_are_left_where_they_are) {
    script([](const std::string& service) {
        return service == "inventory" ? answered(200, "{}", milliseconds{50}) : hanging();
    });
    at_.start_instance();
    const auto alone = time_of(at_.open(one_step("inventory")));
    const auto forked = workflow_from(R"({"workflow_name": "forked", "max_execution_time_seconds": 3600, "steps": [
        {"name": "plan", "service": "production", "path": "/{{tenant.id}}", "timeout_seconds": 3600},
        {"name": "buy", "service": "procurement", "path": "/{{tenant.id}}", "timeout_seconds": 3600}]})");
    for (int i = 0; i < 20; ++i) at_.open(forked);
    at_.run_for(seconds{60});
    const auto calls_before = at_.weather().calls;
    at_.run_for(seconds{60});
    EXPECT_LE(at_.weather().calls - calls_before, 60 * 10);
    const auto beside = time_of(at_.open(one_step("inventory")));
    EXPECT_LE(beside.count() * 9, alone.count() * 10) << beside.count() << " ms, alone " << alone.count();
}

// Their machine is gone, and nobody closes the connections.
TEST_F(slow_service, calls_that_are_lost_do_not_keep_others_from_a_service_that_is_well_again) {
    const auto well_from = at_.time().steady_now() + seconds{10};
    script([&](const std::string&) {
        return at_.time().steady_now() < well_from ? hanging() : answered(200, "{}", milliseconds{50});
    });
    at_.start_instance();
    const auto id = at_.open(one_step("forecasting"));
    at_.run_for(seconds{60});
    EXPECT_GE(at_.find(id).tenants.completed, 990);
    time_of(id);
    at_.check_books(id);
    EXPECT_EQ(at_.find(id).status, execution_status::completed) << at_.report();
}

TEST_F(slow_service, a_step_that_may_be_called_does_not_wait_for_another_service_of_its_run) {
    std::set<std::string> failed_once;  // some, so that the service is not taken for one that is down
    at_.services().script_steps([&](const http_request& request, int) {
        if (request.origin->host == "procurement") return hanging();
        if (request.origin->host == "forecasting") return answered(200);
        const bool is_unlucky = request.target.back() == '0' || request.target.back() == 'a';
        return is_unlucky && failed_once.insert(request.target).second ? answered(500) : answered(200);
    });
    at_.start_instance();
    const auto id = at_.open(workflow_from(R"({"workflow_name": "forked", "max_execution_time_seconds": 3600, "steps": [
        {"name": "first", "service": "forecasting", "path": "/{{tenant.id}}"},
        {"name": "buy", "service": "procurement", "path": "/{{tenant.id}}", "depends_on": ["first"], "timeout_seconds": 3600},
        {"name": "count", "service": "inventory", "path": "/{{tenant.id}}", "depends_on": ["first"],
         "retry": {"max_retries": 3, "delay_ms": 700}}]})"));
    at_.open(one_step("procurement"));
    at_.run_for(seconds{900});
    const auto runs = at_.runs_of(id);
    const auto counted = std::ranges::count_if(runs, [](const tenant_run_view& run) {
        return std::ranges::any_of(run.steps, [](const step_record& step) {
            return step.step_index == 2 && step.status == step_status::completed;
        });
    });
    EXPECT_EQ(counted, 1'000) << at_.report();
}

TEST_F(slow_service, a_long_wait_for_a_retry_keeps_no_other_step_waiting_for_long) {
    const auto room_from = at_.time().steady_now() + seconds{60};
    std::set<std::string> failed_once;
    at_.services().script_steps([&](const http_request& request, int) {
        if (request.origin->host == "procurement")
            return at_.time().steady_now() < room_from ? answered(200, "{}", seconds{60}) : answered(200);
        const bool is_unlucky = request.target.back() == '0';  // a few
        return is_unlucky && failed_once.insert(request.target).second ? answered(500) : answered(200);
    });
    at_.start_instance();
    const auto id = at_.open(workflow_from(R"({"workflow_name": "forked", "max_execution_time_seconds": 7200, "steps": [
        {"name": "count", "service": "inventory", "path": "/{{tenant.id}}",
         "retry": {"max_retries": 3, "delay_ms": 1800000, "max_delay_ms": 1800000}},
        {"name": "buy", "service": "procurement", "path": "/{{tenant.id}}", "timeout_seconds": 3600}]})"));
    at_.run_for(seconds{600});
    const auto runs = at_.runs_of(id);
    const auto bought = std::ranges::count_if(runs, [](const tenant_run_view& run) {
        return std::ranges::any_of(run.steps, [](const step_record& step) { return step.step_index == 1; });
    });
    EXPECT_EQ(bought, 1'000) << at_.report();
}

TEST_F(slow_service, a_run_that_waits_for_a_place_ends_with_the_deadline_and_says_what_it_waited_for) {
    script([](const std::string&) { return hanging(); });
    at_.start_instance();
    const auto id = at_.open(one_step("forecasting", 30));
    EXPECT_LE(time_of(id), seconds{60});
    at_.check_books(id);
    EXPECT_TRUE(at_.books().problems().empty()) << at_.report();
    const auto runs = at_.runs_of(id);
    const auto waited = std::ranges::count_if(runs, [](const tenant_run_view& run) {
        const auto& step = run.steps.at(0);
        return step.status == step_status::skipped && step.error_code == "deadline_exceeded";
    });
    EXPECT_GT(waited, 900);
}

TEST_F(slow_service, throttling_fails_nobody_and_costs_no_attempt) {
    auto window = at_.time().steady_now();
    int in_window = 0;
    script([&](const std::string&) {
        if (at_.time().steady_now() - window >= seconds{1}) {
            window = at_.time().steady_now();
            in_window = 0;
        }
        if (++in_window <= 50) return answered(200);
        auto refused = answered(429);
        refused.response.headers.emplace_back("Retry-After", "1");
        return refused;
    });
    at_.start_instance();
    const auto id = at_.open(one_step("forecasting"));
    EXPECT_LE(time_of(id), seconds{60}) << "50 a second are 20 s";
    expect_clean(id);
}

TEST_F(slow_service, one_that_is_down_is_waited_for) {
    bool is_up = false;
    int calls_while_down = 0;
    script([&](const std::string&) {
        if (is_up) return answered(200);
        ++calls_while_down;
        auto refused = lost(http_fault::connect_failed);
        refused.has_effect = false;
        return refused;
    });
    at_.start_instance();
    const auto id = at_.open(one_step("forecasting"));
    at_.run_for(seconds{300});
    is_up = true;
    EXPECT_LE(time_of(id), seconds{75});
    EXPECT_EQ(at_.find(id).status, execution_status::completed);
    EXPECT_LE(calls_while_down, 60);
}

TEST_F(slow_service, our_own_shortage_costs_no_attempt) {
    int calls = 0;
    script([&](const std::string&) {
        if (++calls % 3 == 0) return lost(http_fault::exhausted);
        return answered(200);
    });
    at_.start_instance();
    const auto id = at_.open(one_step("forecasting"));
    time_of(id);
    expect_clean(id);
}

}  // namespace
}  // namespace orchestrator::simulation
