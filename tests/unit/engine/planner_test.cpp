// The planner: which tenant runs an execution gets, also when planning is repeated or the list never ends.
#include "engine/planner.h"

#include <gtest/gtest.h>

#include <set>

#include "adapters/system/zone_files.h"
#include "tests/simulation/world/random_world.h"
#include "tests/simulation/world/virtual_thread.h"

namespace orchestrator {
namespace {

using simulation::at_once;

class planner_test : public testing::Test {
  protected:
    planner_test() : definition_{simulation::daily_operations()} {
        services_.set_tenants(simulation::random_tenants(draws_, 25, false));
    }
    ~planner_test() override { thread_.drop(); }

    execution_id open(tenant_filter filter = {}, std::optional<execution_id> retry_of = {}) {
        execution opened;
        opened.id = draws_.id<execution_id>(thread_.time.now());
        opened.definition = definition_.source;
        opened.filter = std::move(filter);
        opened.retry_of = retry_of;
        opened.deadline_at = thread_.time.now() + std::chrono::hours{1};
        const auto id = opened.id;
        at_once(store_.open_execution(std::move(opened)));
        return id;
    }
    result<void> plan(execution_id id, planner::options options = {.page_size = 10, .weights = {}}) {
        planner plans{options, slow_store_, store_, zones_, directory_, thread_.time, [this] { ++told_; }};
        active_ = std::make_shared<active_execution>();
        active_->id = id;
        active_->definition = definition_;
        active_->deadline = thread_.line.steady_now() + std::chrono::hours{1};
        if (stopped_) active_->stop.request_stop();
        active_->cancelled = cancelled_;
        return thread_.run(plans.plan(active_, at_once(store_.find_execution(id))));
    }
    std::vector<tenant_run_view> runs(execution_id id) {
        run_query all;
        all.limit = 100'000;
        return at_once(store_.list_runs(id, all));
    }
    [[nodiscard]] execution find(execution_id id) { return at_once(store_.find_execution(id)); }

    simulation::draws draws_{7};
    simulation::virtual_thread thread_;
    workflow_definition definition_;
    memory::store store_;
    simulation::store_weather weather_;
    simulation::witness nobody_;
    simulation::simulated_store slow_store_{store_, thread_.time, weather_, nobody_, "instance_1", 1};
    simulation::simulated_services services_;
    simulation::simulated_network network_{services_, thread_.time};
    system::zone_files zones_;
    system::random random_{1};
    tenant_directory directory_{network_, thread_.time, random_, services_.directory().at("tenant")};
    std::shared_ptr<active_execution> active_;
    int told_ = 0;
    bool stopped_ = false;
    bool cancelled_ = false;
};

TEST_F(planner_test, plans_every_tenant_page_by_page) {
    const auto id = open();
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 25);
    EXPECT_EQ(find(id).steps.total, 25 * 6);
    EXPECT_TRUE(find(id).planning_complete);
    EXPECT_EQ(services_.tenant_list_calls(), 3);
    EXPECT_EQ(told_, 3);  // work starts with the first page
}

TEST_F(planner_test, a_list_that_fills_its_last_page_ends_with_an_empty_one) {
    services_.set_tenants(simulation::random_tenants(draws_, 20, false));
    const auto id = open();
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 20);
    EXPECT_EQ(services_.tenant_list_calls(), 3);
}

TEST_F(planner_test, plans_only_who_may_run_and_who_is_asked_for) {
    auto tenants = simulation::random_tenants(draws_, 30, true);
    services_.set_tenants(tenants, true);
    const tenant_filter enterprise{.tenant_ids = {}, .tiers = {subscription_tier::enterprise}};
    const auto id = open(enterprise);
    ASSERT_TRUE(plan(id));
    const auto expected = std::ranges::count_if(tenants, [&](const auto& each) { return enterprise.accepts(each); });
    EXPECT_EQ(find(id).tenants.total, expected);
    for (const auto& run : runs(id)) EXPECT_EQ(run.tier, subscription_tier::enterprise);
}

TEST_F(planner_test, planning_again_after_a_crash_adds_nothing_twice) {
    const auto id = open();
    services_.script_tenants([](const http_request&, int nth) {
        return nth == 2 ? simulation::answered(403) : simulation::answered(200, "");
    });
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 10);
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 25);
    EXPECT_EQ(runs(id).size(), 25U);
}

TEST_F(planner_test, tenants_that_the_service_lists_twice_run_once) {
    auto tenants = services_.tenants();
    tenants.push_back(tenants.front());
    services_.set_tenants(tenants);
    const auto id = open();
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 25);
}

TEST_F(planner_test, the_same_page_again_and_again_is_an_error_of_the_service) {
    services_.script_tenants([this](const http_request&, int) {
        return simulation::answered(200, simulation::tenants_json(services_.tenants(), 0, 10, true));
    });
    const auto id = open();
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 10);
    EXPECT_EQ(find(id).error_message, "the tenant service answers the same page again and again");
}

TEST_F(planner_test, what_it_waits_for_is_shown_until_planning_is_over) {
    const auto id = open();
    std::string shown;
    services_.script_tenants([&](const http_request&, int nth) {
        if (nth == 5) shown = find(id).error_message;
        return nth < 5 ? simulation::answered(503) : simulation::answered(200, "");
    });
    ASSERT_TRUE(plan(id));
    EXPECT_TRUE(shown.starts_with("planning waits: the tenant service answered HTTP 503")) << shown;
    EXPECT_EQ(find(id).error_message, "");
    EXPECT_EQ(find(id).tenants.total, 25);
}

TEST_F(planner_test, a_list_without_an_end_is_stopped) {
    services_.script_tenants([this](const http_request&, int) {
        return simulation::answered(
            200, simulation::tenants_json(simulation::random_tenants(draws_, 10, false), 0, 10, true));
    });
    const auto id = open();
    ASSERT_TRUE(plan(id, {.page_size = 10, .max_tenants = 50, .weights = {}}));
    EXPECT_LE(find(id).tenants.total, 60);
    EXPECT_TRUE(find(id).error_message.contains("more than 50")) << find(id).error_message;
}

TEST_F(planner_test, a_refusal_of_the_service_ends_planning_and_is_kept) {
    services_.script_tenants([](const http_request&, int) { return simulation::answered(401); });
    const auto id = open();
    ASSERT_TRUE(plan(id));
    EXPECT_TRUE(find(id).planning_complete);
    EXPECT_TRUE(find(id).error_message.contains("401"));
}

TEST_F(planner_test, a_fault_of_the_store_leaves_planning_open) {
    const auto id = open();
    weather_.fault = errc::store_unavailable;
    const auto failed = plan(id);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, errc::store_unavailable);
    EXPECT_FALSE(find(id).planning_complete);
    weather_.fault = errc::store_full;
    EXPECT_FALSE(plan(id));
    weather_.fault.reset();
    EXPECT_TRUE(plan(id));
}

TEST_F(planner_test, an_instance_that_stops_leaves_planning_open) {
    const auto id = open();
    stopped_ = true;
    EXPECT_FALSE(plan(id));
    EXPECT_FALSE(find(id).planning_complete);
}

TEST_F(planner_test, a_cancelled_execution_is_planned_no_further_and_without_an_error) {
    const auto id = open();
    stopped_ = cancelled_ = true;
    EXPECT_TRUE(plan(id));
    EXPECT_TRUE(find(id).planning_complete);
    EXPECT_EQ(find(id).tenants.total, 0);
    EXPECT_EQ(find(id).error_message, "");
}

TEST_F(planner_test, an_execution_that_ended_meanwhile_is_left_alone) {
    const auto id = open();
    at_once(store_.complete_planning(id, "", thread_.time.now()));
    ASSERT_TRUE(is_final(at_once(store_.finish_if_done(id, thread_.time.now())).status));
    EXPECT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 0);
}

TEST_F(planner_test, a_retry_plans_the_failures_and_carries_over_what_stays) {
    const auto first = open();
    ASSERT_TRUE(plan(first));
    at_once(store_.renew_lease("instance_1", thread_.time.now() + milliseconds{60'000}));
    const auto claimed = at_once(store_.claim_runs("instance_1", 25, thread_.time.now(), {}));
    std::vector<journal_entry> entries;
    for (std::size_t i = 0; i < claimed.size(); ++i) {
        journal_entry entry{
            .claim = claimed[i].claim, .execution = first, .steps = {}, .logs = {}, .outcome = run_outcome{}};
        // Every fifth tenant failed at calculate_procurement (2), and everything else completed.
        const bool failed = i % 5 == 0;
        entry.outcome->status = failed ? run_status::partial : run_status::completed;
        for (int step = 0; step < 6; ++step) {
            step_record record;
            record.run = claimed[i].claim.run;
            record.step_index = step;
            record.attempts = 1;
            record.status = failed && step == 2 ? step_status::failed : step_status::completed;
            entry.steps.push_back(std::move(record));
        }
        entries.push_back(std::move(entry));
    }
    at_once(store_.commit(entries, thread_.time.now()));
    const auto calls = services_.tenant_list_calls();

    const auto second = open({}, first);
    ASSERT_TRUE(plan(second));
    EXPECT_EQ(services_.tenant_list_calls(), calls);
    EXPECT_EQ(find(second).tenants.total, 5);
    EXPECT_EQ(find(second).steps.total, 5 * 2);  // calculate_procurement, and send_summary behind it
    for (const auto& run : runs(second)) {
        ASSERT_EQ(run.steps.size(), 4U);
        for (const auto& step : run.steps) EXPECT_TRUE(step.carried_over);
    }
}

TEST_F(planner_test, a_run_is_stored_with_the_service_that_it_calls_first) {
    ASSERT_TRUE(plan(open()));
    at_once(store_.renew_lease("instance_1", thread_.time.now() + milliseconds{60'000}));
    EXPECT_TRUE(at_once(store_.claim_runs("instance_1", 25, thread_.time.now(), {"forecasting"})).empty());
    EXPECT_EQ(at_once(store_.claim_runs("instance_1", 25, thread_.time.now(), {"production"})).size(), 25U);
}

TEST_F(planner_test, a_stopped_retry_is_left_open) {
    const auto first = open();
    ASSERT_TRUE(plan(first));
    const auto second = open({}, first);
    stopped_ = true;
    EXPECT_FALSE(plan(second));
    stopped_ = false;
    weather_.fault = errc::store_unavailable;
    EXPECT_FALSE(plan(second));
}

}  // namespace
}  // namespace orchestrator
