// What every store promises of operators' settings for services (ports/service_settings_store.h).
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using service_settings_contract = store_contract;

INSTANTIATE_TEST_SUITE_P(stores, service_settings_contract, every_store(), [](const auto& kind) { return kind.param; });

TEST_P(service_settings_contract, nothing_is_set_at_first) {
    EXPECT_TRUE(expect(services().list_service_settings()).empty());
}

TEST_P(service_settings_contract, what_was_set_is_there_for_everybody_by_name) {
    expect(services().change_service({.service = "production", .max_calls = 7}, after(1)));
    const auto paused = expect(services().change_service(
        {.service = "inventory", .paused_until = after(3'600), .reason = "is moved, see \"INC-7\""}, after(2)));
    EXPECT_EQ(paused.service, "inventory");
    const auto listed = expect(services().list_service_settings());
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0], paused);
    EXPECT_EQ(listed[0].max_calls, std::nullopt);
    EXPECT_EQ(listed[0].paused_until, after(3'600));
    EXPECT_EQ(listed[0].reason, "is moved, see \"INC-7\"");
    EXPECT_EQ(listed[0].updated_at, after(2));
    EXPECT_EQ(listed[1].service, "production");
    EXPECT_EQ(listed[1].max_calls, 7);
    EXPECT_EQ(listed[1].reason, "");
}

TEST_P(service_settings_contract, what_a_change_does_not_name_stays) {
    expect(services().change_service({.service = "production", .max_calls = 7, .reason = "slow"}, after(1)));
    const auto paused =
        expect(services().change_service({.service = "production", .paused_until = after(60)}, after(2)));
    EXPECT_EQ(paused.max_calls, 7);
    EXPECT_EQ(paused.paused_until, after(60));
    EXPECT_EQ(paused.reason, "slow");
    EXPECT_EQ(paused.updated_at, after(2));
    const auto lifted = expect(services().change_service(
        {.service = "production", .max_calls = std::optional<int>{}, .reason = ""}, after(3)));
    EXPECT_EQ(lifted.max_calls, std::nullopt);
    EXPECT_EQ(lifted.paused_until, after(60));
    EXPECT_EQ(lifted.reason, "");
    const auto free = expect(
        services().change_service({.service = "production", .paused_until = std::optional<system_time>{}}, after(4)));
    EXPECT_EQ(free.paused_until, std::nullopt);
    EXPECT_EQ(expect(services().list_service_settings()).size(), 1u);
}

}  // namespace
}  // namespace orchestrator::store_test
