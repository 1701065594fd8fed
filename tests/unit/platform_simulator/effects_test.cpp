// Tests of the ledger of effects.
#include "platform_simulator/behaviour/effects.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace orchestrator::simulator {
namespace {

TEST(effect_ledger, forgets_the_oldest_answers_first_and_never_a_key) {
    effect_ledger ledger{25};
    for (const auto* key : {"a", "b", "c"}) ledger.record(key, route::generate_forecasts, {}, "ten bytes!");
    EXPECT_TRUE(ledger.find("a")->answer.empty());
    EXPECT_EQ(ledger.find("b")->answer, "ten bytes!");
    EXPECT_EQ(ledger.find("c")->answer, "ten bytes!");
    EXPECT_EQ(ledger.find("d"), nullptr);
}

TEST(effect_ledger, counts_by_route) {
    effect_ledger ledger;
    ledger.record("a", route::generate_forecasts, {}, "{}");
    ledger.record("b", route::send_notification, {}, "{}");
    ledger.repeat(*ledger.find("b"));
    const auto by_route = ledger.summary().at("by_route").as_object();
    EXPECT_EQ(by_route.at("generate_forecasts").at("calls").to_number<int>(), 1);
    EXPECT_EQ(by_route.at("send_notification").at("calls").to_number<int>(), 2);
    EXPECT_EQ(by_route.at("send_notification").at("distinct").to_number<int>(), 1);
    EXPECT_FALSE(by_route.contains("list_tenants"));
}

TEST(effect_ledger, lists_details_sorted_by_key) {
    effect_ledger ledger;
    for (int i = 9; i >= 0; --i) ledger.record(fmt::format("k{}", i), route::generate_forecasts, {}, "{}");
    const auto details = ledger.details("k");
    ASSERT_EQ(details.size(), 10U);
    EXPECT_EQ(details.front().at("key").as_string(), "k0");
    EXPECT_EQ(details.back().at("key").as_string(), "k9");
}

}  // namespace
}  // namespace orchestrator::simulator
