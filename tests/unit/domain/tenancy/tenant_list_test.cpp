#include "domain/tenancy/tenant_list.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace orchestrator {
namespace {

tenant bakery(int number) {
    tenant made{.id = {make_uuid_v7(system_time{milliseconds{1'000'000 + number}}, {})},
                .name = fmt::format("Panadería San Fernando {}", number),
                .tier = subscription_tier(number % 3),
                .timezone = number % 2 == 0 ? "Europe/Madrid" : "Atlantic/Canary",
                .region = fmt::format("ES-{}", number % 17)};
    return made;
}

TEST(tenant_list, gives_back_what_it_was_given) {
    tenant_list list;
    for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(list.add(bakery(i)).is_new);
    ASSERT_EQ(list.size(), 1'000U);
    for (int i = 0; i < 1'000; ++i) {
        const auto expected = bakery(i);
        const auto position = list.find(expected.id);
        ASSERT_TRUE(position);
        const auto kept = list.at(*position);
        EXPECT_EQ(kept.id, expected.id);
        EXPECT_EQ(kept.name, expected.name);
        EXPECT_EQ(kept.tier, expected.tier);
        EXPECT_EQ(kept.timezone, expected.timezone);
        EXPECT_EQ(kept.country, "ES");
        EXPECT_EQ(kept.region, expected.region);
    }
    EXPECT_FALSE(list.find(bakery(1'000).id));
    EXPECT_FALSE(tenant_list{}.find(bakery(0).id));
}

TEST(tenant_list, one_that_is_added_again_keeps_its_place_and_has_its_last_status) {
    tenant_list list;
    list.add(bakery(1));
    list.add(bakery(2));
    auto suspended = bakery(1);
    suspended.status = tenant_status::suspended;
    EXPECT_EQ(list.active(), 2U);
    const auto again = list.add(suspended);
    EXPECT_FALSE(again.is_new);
    EXPECT_EQ(again.position, 0U);
    EXPECT_EQ(list.size(), 2U);
    EXPECT_EQ(list.active(), 1U);
    EXPECT_FALSE(list.is_active(0));
    suspended.status = tenant_status::trial;
    list.add(suspended);
    EXPECT_EQ(list.active(), 2U);
}

TEST(tenant_list, a_hundred_thousand_take_less_than_twenty_megabytes) {
    tenant_list list;
    for (int i = 0; i < 100'000; ++i) list.add(bakery(i));
    EXPECT_LE(list.bytes(), 20U << 20);
    RecordProperty("bytes", int(list.bytes()));
}

}  // namespace
}  // namespace orchestrator
