// Tests of the fault rules: how they are read, and how often and whom they hit.
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

fault_draws draws_of(std::string_view plan) { return fault_draws{parse_fault_plan(plan).value()}; }

std::vector<std::string> pointers_of(std::string_view plan) {
    std::vector<std::string> pointers;
    const auto parsed = parse_fault_plan(plan);
    if (parsed) return {"valid"};
    for (const auto& each : parsed.error().violations) pointers.push_back(each.pointer);
    return pointers;
}

TEST(fault_plan, names_every_mistake_by_its_pointer) {
    EXPECT_THAT(
        pointers_of(R"({"seed":-1,"rulez":[],"rules":[
                    {"kind":"error","statuses":[200],"when":"later","rate":2},
                    {"kind":"latency","distribution":"uniform","min_ms":9,"max_ms":3,"statuses":[500]},
                    7,
                    {"kind":"sleep","route":"bake"},
                    {"rate":0.5},
                    {"kind":"hang","limit_seconds":601,"a/b~c":1}]})"),
        testing::UnorderedElementsAre("/seed", "/rulez", "/rules/0/statuses", "/rules/0/when", "/rules/0/rate",
                                      "/rules/1/max_ms", "/rules/1/statuses", "/rules/2", "/rules/3/kind",
                                      "/rules/3/route", "/rules/4/kind", "/rules/5/limit_seconds", "/rules/5/a~1b~0c"));
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

TEST(fault_draws, hit_as_often_as_the_rate_says) {
    auto draws = draws_of(R"({"seed":3,"rules":[{"kind":"error","rate":0.1}]})");
    int hits = 0;
    for (int i = 0; i < 20'000; ++i) hits += draws.next(route::generate_forecasts, {}).rule != nullptr;
    EXPECT_NEAR(hits, 2'000, 150);
    EXPECT_EQ(draws.count_of(fault_kind::error), std::uint64_t(hits));
}

TEST(fault_draws, are_the_same_again_after_a_restart) {
    auto draws = draws_of(R"({"rules":[{"kind":"error","rate":0.5},{"kind":"latency","distribution":"log_normal"}]})");
    const auto sequence = [&] {
        std::vector<std::pair<bool, milliseconds>> seen;
        for (int i = 0; i < 200; ++i) {
            const auto drawn = draws.next(route::get_tenant, {});
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
            if (draws.next(route::generate_forecasts, each.id).rule) round.insert(each.id);
    EXPECT_EQ(hit[0], hit[1]);
    EXPECT_NEAR(double(hit[0].size()), 420, 60);
    EXPECT_EQ(draws.next(route::list_tenants, {}).rule, nullptr);
}

TEST(fault_draws, concern_only_their_route) {
    auto draws = draws_of(R"({"rules":[{"kind":"reset","route":"send_notification"}]})");
    EXPECT_EQ(draws.next(route::generate_forecasts, {}).rule, nullptr);
    EXPECT_NE(draws.next(route::send_notification, {}).rule, nullptr);
}

TEST(fault_draws, the_first_rule_decides_and_latencies_add_up) {
    auto draws = draws_of(R"({"rules":[{"kind":"latency","delay_ms":5},{"kind":"reset"},
                                       {"kind":"error"},{"kind":"latency","delay_ms":7}]})");
    const auto drawn = draws.next(route::get_tenant, {});
    EXPECT_EQ(drawn.delay, milliseconds{12});
    EXPECT_EQ(drawn.rule->kind, fault_kind::reset);
    EXPECT_EQ(draws.count_of(fault_kind::error), 0U);
}

TEST(fault_draws, log_normal_latency_has_its_median) {
    auto draws = draws_of(R"({"rules":[{"kind":"latency","distribution":"log_normal","median_ms":200,"sigma":0.5}]})");
    std::vector<milliseconds> delays;
    for (int i = 0; i < 5'001; ++i) delays.push_back(draws.next(route::get_tenant, {}).delay);
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
            const auto* rule = draws.next(where, each.id).rule;
            broken += rule && rule->tenant_share < 1;
        }
    }
    EXPECT_NEAR(double(broken) / double(all), 0.01, 0.005);
}

}  // namespace
}  // namespace orchestrator::simulator
