// The planner: which tenant runs an execution gets, also when planning is repeated or the list never ends.
#include "engine/planner.h"

#include <gtest/gtest.h>

#include <functional>
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
        opened.created_at = thread_.time.now();
        opened.scheduled_for = scheduled_for_;
        opened.deadline_at = thread_.time.now() + std::chrono::hours{1};
        const auto id = opened.id;
        at_once(store_.open_execution(std::move(opened)));
        return id;
    }
    result<void> plan(execution_id id, list_bounds bounds = {.page_size = 10}) {
        directory_snapshot tenants{
            {.bounds = bounds}, directory_, thread_.time, [this](task<> work) { thread_.start(std::move(work)); }};
        planner plans{{.runs_at_once = 50, .weights = {}},
                      slow_store_,
                      store_,
                      zones_,
                      tenants,
                      thread_.time,
                      [this] { ++told_; }};
        active_ = std::make_shared<active_execution>();
        active_->id = id;
        active_->definition = definition_;
        active_->deadline = thread_.line.steady_now() + std::chrono::hours{1};
        if (stopped_) active_->stop.request_stop();
        active_->cancelled = cancelled_;
        auto planned = thread_.run(plans.plan(active_, at_once(store_.find_execution(id))));
        thread_.pass(std::chrono::minutes{2});  // so that no walk goes on without the snapshot
        return planned;
    }
    // Claims what waits and ends it: `failed` fails at calculate_procurement (2), and everything else completes.
    void run_all(execution_id id, const std::function<bool(tenant_id)>& fails) {
        at_once(store_.renew_lease("instance_1", milliseconds{60'000}, thread_.time.now()));
        std::vector<journal_entry> entries;
        for (const auto& claimed : at_once(store_.claim_runs("instance_1", 1'000, thread_.time.now(), {}))) {
            journal_entry entry{
                .claim = claimed.claim, .execution = id, .steps = {}, .logs = {}, .outcome = run_outcome{}};
            const bool failed = fails(claimed.for_tenant.id);
            entry.outcome->status = failed ? run_status::partial : run_status::completed;
            for (int step = 0; step < 6; ++step) {
                step_record record;
                record.run = claimed.claim.run;
                record.step_index = step;
                record.attempts = 1;
                record.status = failed && step == 2 ? step_status::failed : step_status::completed;
                if (std::ranges::find(claimed.recorded, step, &step_record::step_index) == claimed.recorded.end())
                    entry.steps.push_back(std::move(record));
            }
            entries.push_back(std::move(entry));
        }
        at_once(store_.commit(entries, thread_.time.now()));
        at_once(store_.finish_if_done(id, thread_.time.now()));
    }
    void refuse_from(int call) {
        const auto before = services_.tenant_list_calls();
        services_.script_tenants([before, call](const http_request&, int nth) {
            return nth - before >= call ? simulation::answered(403) : simulation::answered(200, "");
        });
    }
    void refuse_nothing() { services_.script_tenants({}); }
    [[nodiscard]] std::set<tenant_id> tenants_of(execution_id id) {
        std::set<tenant_id> all;
        for (const auto& run : runs(id)) all.insert(run.tenant);
        return all;
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
    std::optional<system_time> scheduled_for_;
    bool stopped_ = false;
    bool cancelled_ = false;
};

TEST_F(planner_test, plans_every_tenant_page_by_page) {
    const auto id = open();
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 25);
    EXPECT_EQ(find(id).steps.total, 25 * 6);
    EXPECT_TRUE(find(id).planning_complete && find(id).planned_to_end);
    EXPECT_GE(told_, 2);  // work starts with the first page
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
    EXPECT_FALSE(find(id).planned_to_end);
    EXPECT_TRUE(find(id).error_message.starts_with("planning broke off after 10 tenants: ")) << find(id).error_message;
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
    EXPECT_EQ(find(id).error_message,
              "tenants may be missing: the tenant service answers the same page again and again");
    EXPECT_FALSE(find(id).planned_to_end);
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
    ASSERT_TRUE(plan(id, {.page_size = 10, .most_tenants = 50}));
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
    at_once(store_.complete_planning(id, {.to_end = true}, thread_.time.now()));
    ASSERT_TRUE(is_final(at_once(store_.finish_if_done(id, thread_.time.now())).status));
    EXPECT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 0);
}

TEST_F(planner_test, a_retry_plans_the_failures_and_carries_over_what_stays) {
    const auto first = open();
    ASSERT_TRUE(plan(first));
    int seen = 0;
    run_all(first, [&](tenant_id) { return seen++ % 5 == 0; });
    const auto calls = services_.tenant_list_calls();

    const auto second = open({}, first);
    ASSERT_TRUE(plan(second));
    EXPECT_EQ(services_.tenant_list_calls(), calls) << "all are known";
    EXPECT_EQ(find(second).tenants.total, 5);
    EXPECT_EQ(find(second).steps.total, 5 * 2);  // calculate_procurement, and send_summary behind it
    EXPECT_TRUE(find(second).planned_to_end);
    for (const auto& run : runs(second)) {
        ASSERT_EQ(run.steps.size(), 4U);
        for (const auto& step : run.steps) EXPECT_TRUE(step.carried_over);
    }
}

TEST_F(planner_test, a_run_is_stored_with_the_service_that_it_calls_first) {
    ASSERT_TRUE(plan(open()));
    at_once(store_.renew_lease("instance_1", milliseconds{60'000}, thread_.time.now()));
    EXPECT_TRUE(at_once(store_.claim_runs("instance_1", 25, thread_.time.now(), {"forecasting"})).empty());
    EXPECT_EQ(at_once(store_.claim_runs("instance_1", 25, thread_.time.now(), {"production"})).size(), 25U);
}

TEST_F(planner_test, a_retry_takes_in_who_was_never_planned) {
    refuse_from(2);
    const auto first = open();
    ASSERT_TRUE(plan(first));
    const auto planned = tenants_of(first);
    ASSERT_EQ(planned.size(), 10U);
    int seen = 0;
    std::set<tenant_id> failed;
    run_all(first, [&](tenant_id id) { return seen++ % 5 == 0 && failed.insert(id).second; });
    ASSERT_EQ(find(first).status, execution_status::partial);

    refuse_nothing();
    const auto second = open({}, first);
    ASSERT_TRUE(plan(second));
    EXPECT_TRUE(find(second).planned_to_end);
    EXPECT_EQ(find(second).error_message, "");
    auto expected = failed;
    for (const auto& each : services_.tenants())
        if (!planned.contains(each.id)) expected.insert(each.id);
    EXPECT_EQ(tenants_of(second), expected);
    for (const auto& run : runs(second)) EXPECT_EQ(run.steps.size(), failed.contains(run.tenant) ? 4U : 0U);
}

TEST_F(planner_test, a_retry_of_a_retry_forgets_nobody_and_repeats_nobody) {
    refuse_from(2);  // ten tenants, of which two fail
    const auto first = open();
    ASSERT_TRUE(plan(first));
    int seen = 0;
    std::set<tenant_id> failed;
    run_all(first, [&](tenant_id id) { return seen++ % 5 == 0 && failed.insert(id).second; });

    refuse_from(3);  // the two again, and ten of those who had no run; one of the two fails again, and one of the ten
    const auto second = open({}, first);
    ASSERT_TRUE(plan(second));
    EXPECT_FALSE(find(second).planned_to_end);
    EXPECT_TRUE(find(second).error_message.contains("after 12 tenants")) << find(second).error_message;
    std::set<tenant_id> failed_again{*failed.begin()};
    run_all(second, [&](tenant_id id) {
        if (!failed.contains(id) && failed_again.size() < 2) failed_again.insert(id);
        return failed_again.contains(id);
    });

    refuse_nothing();
    const auto third = open({}, second);
    ASSERT_TRUE(plan(third));
    EXPECT_TRUE(find(third).planned_to_end);
    auto completed = tenants_of(first);
    completed.merge(tenants_of(second));
    for (const auto& id : failed_again) completed.erase(id);
    EXPECT_EQ(completed.size(), 18U);
    std::set<tenant_id> expected;
    for (const auto& each : services_.tenants())
        if (!completed.contains(each.id)) expected.insert(each.id);
    EXPECT_EQ(tenants_of(third), expected);
    run_all(third, [](tenant_id) { return false; });
    EXPECT_EQ(find(third).status, execution_status::completed);

    // What comes after an execution that knew them all needs no directory.
    const auto calls = services_.tenant_list_calls();
    const auto fourth = open({}, third);
    ASSERT_TRUE(plan(fourth));
    EXPECT_EQ(services_.tenant_list_calls(), calls);
}

TEST_F(planner_test, a_retry_whose_source_has_lost_a_failure_finds_it_one_execution_earlier) {
    const auto first = open();
    ASSERT_TRUE(plan(first));
    run_all(first, [](tenant_id) { return true; });
    const auto second = open({}, first);  // broken off before it had taken in anything
    at_once(store_.complete_planning(second, {.error_message = "broke off"}, thread_.time.now()));
    at_once(store_.finish_if_done(second, thread_.time.now()));
    const auto calls = services_.tenant_list_calls();
    const auto third = open({}, second);
    ASSERT_TRUE(plan(third));
    EXPECT_EQ(tenants_of(third).size(), 25U);
    EXPECT_TRUE(find(third).planned_to_end);
    EXPECT_EQ(services_.tenant_list_calls(), calls);
}

TEST_F(planner_test, a_retry_after_which_nobody_is_left_is_a_success) {
    refuse_from(4);  // all are planned, and the end of the list is refused
    const auto first = open();
    ASSERT_TRUE(plan(first));
    ASSERT_EQ(find(first).tenants.total, 25);
    run_all(first, [](tenant_id) { return false; });
    ASSERT_EQ(find(first).status, execution_status::partial);
    refuse_nothing();
    const auto second = open({}, first);
    ASSERT_TRUE(plan(second));
    EXPECT_EQ(find(second).tenants.total, 0);
    EXPECT_TRUE(find(second).planned_to_end) << "all had completed";
}

TEST_F(planner_test, no_tenant_at_all_is_no_success) {
    services_.set_tenants({});
    for (const auto& filter :
         {tenant_filter{}, tenant_filter{.tenant_ids = {}, .tiers = {subscription_tier::starter}}}) {
        const auto id = open(filter);
        ASSERT_TRUE(plan(id));
        EXPECT_EQ(find(id).error_message, "the tenant service lists no active tenants");
        EXPECT_EQ(at_once(store_.finish_if_done(id, thread_.time.now())).status, execution_status::failed);
    }
}

TEST_F(planner_test, whom_the_filter_or_the_schedule_leaves_out_is_left_out_on_purpose) {
    auto tenants = services_.tenants();
    for (auto& each : tenants) each.tier = subscription_tier::starter;
    services_.set_tenants(tenants);
    const auto filtered = open({.tenant_ids = {}, .tiers = {subscription_tier::enterprise}});
    ASSERT_TRUE(plan(filtered));
    EXPECT_TRUE(find(filtered).planned_to_end);

    auto nightly = definition_;
    definition_.when = {
        .cron_expression = "0 8 * * *", .timezone = "Europe/Madrid", .zone_mode = timezone_mode::tenant};
    scheduled_for_ = *parse_time("2025-11-06T03:00:00Z");  // not eight o'clock for anybody
    const auto scheduled = open();
    ASSERT_TRUE(plan(scheduled));
    EXPECT_TRUE(find(scheduled).planned_to_end);
    EXPECT_EQ(find(scheduled).tenants.total, 0);
    definition_ = nightly;
}

TEST_F(planner_test, a_retry_is_judged_by_the_schedule_of_what_it_retries) {
    auto tenants = services_.tenants();
    for (std::size_t i = 0; i < tenants.size(); ++i)
        tenants[i].timezone = i % 5 == 0 ? "Atlantic/Canary" : "Europe/Madrid";
    services_.set_tenants(tenants);
    definition_.when = {
        .cron_expression = "0 8 * * *", .timezone = "Europe/Madrid", .zone_mode = timezone_mode::tenant};
    scheduled_for_ = *parse_time("2025-11-06T08:00:00Z");  // eight o'clock on the Canaries only
    refuse_from(1);
    const auto first = open();
    ASSERT_TRUE(plan(first));
    at_once(store_.finish_if_done(first, thread_.time.now()));
    scheduled_for_.reset();
    refuse_nothing();
    const auto second = open({}, first);
    ASSERT_TRUE(plan(second));
    EXPECT_EQ(find(second).tenants.total, 5);
    for (const auto& run : runs(second)) EXPECT_EQ(run.timezone, "Atlantic/Canary");
}

TEST_F(planner_test, tenants_that_are_named_are_asked_for_one_by_one) {
    tenant_filter filter;
    for (const std::size_t i : {3U, 17U, 24U}) filter.tenant_ids.push_back(services_.tenants()[i].id);
    std::ranges::sort(filter.tenant_ids);
    const auto id = open(filter);
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(tenants_of(id), (std::set<tenant_id>{filter.tenant_ids.begin(), filter.tenant_ids.end()}));
    EXPECT_EQ(services_.tenant_list_calls(), 0);
    EXPECT_EQ(services_.tenant_calls(), 3);
    EXPECT_TRUE(find(id).planned_to_end);
}

TEST_F(planner_test, a_tenant_that_was_named_and_does_not_exist_is_told) {
    const auto nobody = draws_.id<tenant_id>(thread_.time.now());
    tenant_filter filter{.tenant_ids = {services_.tenants()[3].id, nobody}, .tiers = {}};
    std::ranges::sort(filter.tenant_ids);
    const auto id = open(filter);
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 1);
    EXPECT_EQ(
        find(id).error_message,
        "the tenant service does not know 1 of the 2 tenants that were asked for, for example " + to_string(nobody));
    EXPECT_FALSE(find(id).planned_to_end);
}

TEST_F(planner_test, many_tenants_that_are_named_are_looked_for_in_the_list) {
    services_.set_tenants(simulation::random_tenants(draws_, 200, false));
    tenant_filter filter;
    for (const auto& each : services_.tenants())
        if (filter.tenant_ids.size() < 100) filter.tenant_ids.push_back(each.id);
    const auto nobody = draws_.id<tenant_id>(thread_.time.now());
    filter.tenant_ids.push_back(nobody);
    std::ranges::sort(filter.tenant_ids);
    const auto id = open(filter);
    ASSERT_TRUE(plan(id));
    EXPECT_EQ(find(id).tenants.total, 100);
    EXPECT_EQ(services_.tenant_calls(), 1) << "who was not in the list";
    EXPECT_TRUE(find(id).error_message.contains("1 of the 101")) << find(id).error_message;
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
