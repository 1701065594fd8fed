// Services that hang, throttle or go away: they cost the others nothing, nobody an attempt, and everything ends in
// time.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

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
