// Tests of the fault rules: how they are read, and how often and whom they hit.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "platform_simulator/behaviour/bakeries.h"
#include "platform_simulator/behaviour/fault_draws.h"

namespace orchestrator::simulator {
namespace {

constexpr system_time at = std::chrono::sys_days{std::chrono::year{2025} / 11 / 6};

fault_draws draws_of(std::string_view plan) { return fault_draws{parse_fault_plan(plan).value()}; }

std::vector<std::string> pointers_of(std::string_view plan) {
    std::vector<std::string> pointers;
    const auto parsed = parse_fault_plan(plan);
    if (parsed) return {"valid"};
    for (const auto& each : parsed.error().violations) pointers.push_back(each.pointer);
    return pointers;
}

TEST(fault_plan, names_every_mistake_by_its_pointer) {
    EXPECT_THAT(pointers_of(R"({"seed":-1,"rulez":[],"rules":[
                    {"kind":"error","statuses":[200],"when":"later","rate":2},
                    {"kind":"latency","distribution":"uniform","min_ms":9,"max_ms":3,"statuses":[500]},
                    7,
                    {"kind":"sleep","route":"bake"},
                    {"rate":0.5},
                    {"kind":"hang","limit_seconds":601,"a/b~c":1},
                    {"kind":"rate_limit","calls_per_second":-1,"retry_after":"soon","parallel":1},
                    {"kind":"capacity","parallel":0,"work_ms":-1,"collapse":11,"hits_per_tenant":-1},
                    {"kind":"accepted_job","location":"elsewhere","collapse":0}]})"),
                testing::UnorderedElementsAre(
                    "/seed", "/rulez", "/rules/0/statuses", "/rules/0/when", "/rules/0/rate", "/rules/1/max_ms",
                    "/rules/1/statuses", "/rules/2", "/rules/3/kind", "/rules/3/route", "/rules/4/kind",
                    "/rules/5/limit_seconds", "/rules/5/a~1b~0c", "/rules/6/calls_per_second", "/rules/6/retry_after",
                    "/rules/6/parallel", "/rules/7/parallel", "/rules/7/work_ms", "/rules/7/collapse",
                    "/rules/7/hits_per_tenant", "/rules/8/location", "/rules/8/collapse"));
}

TEST(fault_plan, must_be_an_object_with_a_list) {
    EXPECT_THAT(pointers_of("{"), testing::ElementsAre(""));
    EXPECT_THAT(pointers_of("[]"), testing::ElementsAre(""));
    EXPECT_THAT(pointers_of(R"({"rules":{}})"), testing::ElementsAre("/rules"));
    EXPECT_THAT(pointers_of("{}"), testing::ElementsAre("valid"));
}

TEST(fault_plan, reads_what_it_writes) {
    for (const auto preset : {fault_preset::none, fault_preset::few, fault_preset::many}) {
        const auto written = boost::json::serialize(as_json(make_fault_plan(preset, 9)));
        EXPECT_EQ(boost::json::serialize(as_json(parse_fault_plan(written).value())), written);
    }
}

TEST(fault_plan, reads_the_rules_that_count_as_it_writes_them) {
    const auto plan = parse_fault_plan(R"({"rules":[
        {"kind":"rate_limit","calls_per_second":7,"retry_after":"http_date","retry_after_seconds":2},
        {"kind":"throttle","retry_after":"absent"},
        {"kind":"capacity","parallel":3,"work_ms":20,"collapse":0.5},
        {"kind":"accepted_job","work_ms":700,"location":"relative_path","hits_per_tenant":2}]})")
                          .value();
    EXPECT_EQ(plan.rules[0].statuses, std::vector{429});
    EXPECT_EQ(plan.rules[0].retry_after, retry_after_form::http_date);
    EXPECT_EQ(plan.rules[1].retry_after, retry_after_form::absent);
    EXPECT_EQ(plan.rules[2].collapse, 0.5);
    EXPECT_EQ(plan.rules[3].location, location_form::relative_path);
    const auto written = boost::json::serialize(as_json(plan));
    EXPECT_EQ(boost::json::serialize(as_json(parse_fault_plan(written).value())), written);
}

TEST(fault_draws, hit_as_often_as_the_rate_says) {
    auto draws = draws_of(R"({"seed":3,"rules":[{"kind":"error","rate":0.1}]})");
    int hits = 0;
    for (int i = 0; i < 20'000; ++i) hits += draws.next(route::generate_forecasts, {}, at).rule != nullptr;
    EXPECT_NEAR(hits, 2'000, 150);
    EXPECT_EQ(draws.count_of(fault_kind::error), std::uint64_t(hits));
}

TEST(fault_draws, are_the_same_again_after_a_restart) {
    auto draws = draws_of(R"({"rules":[{"kind":"error","rate":0.5},{"kind":"latency","distribution":"log_normal"}]})");
    const auto sequence = [&] {
        std::vector<std::pair<bool, milliseconds>> seen;
        for (int i = 0; i < 200; ++i) {
            const auto drawn = draws.next(route::get_tenant, {}, at);
            seen.emplace_back(drawn.rule != nullptr, drawn.delay);
        }
        return seen;
    };
    const auto first = sequence();
    draws.restart();
    EXPECT_EQ(sequence(), first);
}

TEST(fault_draws, pick_always_the_same_tenants) {
    auto draws = draws_of(R"({"rules":[{"kind":"error","tenant_share":0.2}]})");
    std::set<tenant_id> hit[2];
    for (auto& round : hit)
        for (const auto& each : make_bakeries({.active = 2'000}))
            if (draws.next(route::generate_forecasts, each.id, at).rule) round.insert(each.id);
    EXPECT_EQ(hit[0], hit[1]);
    EXPECT_NEAR(double(hit[0].size()), 420, 60);
    EXPECT_EQ(draws.next(route::list_tenants, {}, at).rule, nullptr);
}

TEST(fault_draws, concern_only_their_route) {
    auto draws = draws_of(R"({"rules":[{"kind":"reset","route":"send_notification"}]})");
    EXPECT_EQ(draws.next(route::generate_forecasts, {}, at).rule, nullptr);
    EXPECT_NE(draws.next(route::send_notification, {}, at).rule, nullptr);
}

TEST(fault_draws, the_first_rule_decides_and_latencies_add_up) {
    auto draws = draws_of(R"({"rules":[{"kind":"latency","delay_ms":5},{"kind":"reset"},
                                       {"kind":"error"},{"kind":"latency","delay_ms":7}]})");
    const auto drawn = draws.next(route::get_tenant, {}, at);
    EXPECT_EQ(drawn.delay, milliseconds{12});
    EXPECT_EQ(drawn.rule->kind, fault_kind::reset);
    EXPECT_EQ(draws.count_of(fault_kind::error), 0U);
}

TEST(fault_draws, hit_each_tenant_so_many_times_and_no_more) {
    auto draws = draws_of(R"({"rules":[{"kind":"reset","hits_per_tenant":2}]})");
    const auto tenants = make_bakeries({.active = 2});
    for (const auto& each : {tenants[0].id, tenants[1].id}) {
        EXPECT_NE(draws.next(route::get_job, each, at).rule, nullptr);
        EXPECT_NE(draws.next(route::get_job, each, at).rule, nullptr);
        EXPECT_EQ(draws.next(route::get_job, each, at).rule, nullptr);
    }
    EXPECT_EQ(draws.next(route::list_tenants, {}, at).rule, nullptr);
    draws.restart();
    EXPECT_NE(draws.next(route::get_job, tenants[0].id, at).rule, nullptr);
}

TEST(fault_draws, a_rate_limit_lets_so_many_calls_of_each_second_through) {
    auto draws = draws_of(R"({"rules":[{"kind":"rate_limit","calls_per_second":3,"route":"send_notification"}]})");
    for (const auto second : {0, 1, 5}) {
        int let_through = 0;
        for (int i = 0; i < 10; ++i) {
            const auto now = at + std::chrono::seconds{second} + milliseconds{i * 100};
            EXPECT_EQ(draws.next(route::get_tenant, {}, now).rule, nullptr);
            const auto drawn = draws.next(route::send_notification, {}, now);
            let_through += drawn.rule == nullptr;
            EXPECT_EQ(drawn.status, drawn.rule ? 429 : 0);
        }
        EXPECT_EQ(let_through, 3);
    }
    EXPECT_EQ(draws.count_of(fault_kind::rate_limit), 21U);
    EXPECT_EQ(draws.calls_of(route::get_tenant), 30U);
}

TEST(fault_draws, a_capacity_works_on_so_many_calls_at_once) {
    auto draws = draws_of(R"({"rules":[{"kind":"capacity","parallel":2,"work_ms":100}]})");
    const auto delay = [&](int after_ms) {
        return draws.next(route::get_tenant, {}, at + milliseconds{after_ms}).delay;
    };
    EXPECT_EQ(delay(0), milliseconds{100});
    EXPECT_EQ(delay(0), milliseconds{100});
    EXPECT_EQ(delay(0), milliseconds{200}) << "it waits for one of the first two";
    EXPECT_EQ(delay(50), milliseconds{150});
    EXPECT_EQ(delay(60), milliseconds{240}) << "both places are taken until 200 ms";
    EXPECT_EQ(delay(1'000), milliseconds{100});
}

TEST(fault_draws, a_capacity_that_collapses_does_less_the_more_it_is_asked_for) {
    const auto last_of = [](std::string_view collapse, int calls) {
        auto draws = draws_of(
            fmt::format(R"({{"rules":[{{"kind":"capacity","parallel":1,"work_ms":100,"collapse":{}}}]}})", collapse));
        milliseconds last{0};
        for (int i = 0; i < calls; ++i) last = draws.next(route::get_tenant, {}, at).delay;
        return last;
    };
    EXPECT_EQ(last_of("0", 10), milliseconds{1'000});
    EXPECT_EQ(last_of("0.5", 1), milliseconds{100});
    EXPECT_EQ(last_of("0.5", 2), milliseconds{100 + 150});
    EXPECT_GT(last_of("0.5", 10), milliseconds{10'000});
    EXPECT_EQ(last_of("1", 1'000), longest_delay);
}

TEST(fault_draws, a_call_that_was_refused_takes_no_place) {
    auto draws = draws_of(R"({"rules":[{"kind":"rate_limit","calls_per_second":1},
                                       {"kind":"capacity","parallel":1,"work_ms":100}]})");
    EXPECT_EQ(draws.next(route::get_tenant, {}, at).delay, milliseconds{100});
    EXPECT_EQ(draws.next(route::get_tenant, {}, at).delay, milliseconds{0});
    EXPECT_EQ(draws.next(route::get_tenant, {}, at + std::chrono::seconds{1}).delay, milliseconds{100});
}

TEST(fault_draws, log_normal_latency_has_its_median) {
    auto draws = draws_of(R"({"rules":[{"kind":"latency","distribution":"log_normal","median_ms":200,"sigma":0.5}]})");
    std::vector<milliseconds> delays;
    for (int i = 0; i < 5'001; ++i) delays.push_back(draws.next(route::get_tenant, {}, at).delay);
    std::ranges::sort(delays);
    EXPECT_NEAR(double(delays[2'500].count()), 200, 8);
    EXPECT_NEAR(double(delays[4'207].count()), 330, 20);  // one sigma above: 200 * e^0.5
}

TEST(fault_draws, the_few_preset_breaks_one_percent_of_the_tenants_for_good) {
    fault_draws draws{make_fault_plan(fault_preset::few, 1)};
    std::size_t broken = 0, all = 0;
    for (const auto& each : make_bakeries({.active = 4'000})) {
        ++all;
        for (const auto where :
             {route::generate_forecasts, route::calculate_production, route::calculate_procurement}) {
            const auto* rule = draws.next(where, each.id, at).rule;
            broken += rule && rule->tenant_share < 1;
        }
    }
    EXPECT_NEAR(double(broken) / double(all), 0.01, 0.005);
}

}  // namespace
}  // namespace orchestrator::simulator
