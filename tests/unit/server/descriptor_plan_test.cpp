// What the settings need of file descriptors, on both sides of each bound.
#include "server/descriptor_plan.h"

#include <gmock/gmock.h>

#include <limits>

namespace orchestrator::server {
namespace {

using testing::HasSubstr;

config with(int calls, std::optional<int> api = std::nullopt) {
    config chosen;
    chosen.max_calls = calls;
    chosen.max_api_connections = api;
    return chosen;
}

TEST(descriptor_plan, defaults_fit_into_a_hard_limit_of_1024) {
    const auto plan = plan_descriptors({}, 1'024);
    ASSERT_TRUE(plan);
    EXPECT_LE(plan->needed, 1'024U);
    EXPECT_GE(plan->call_connections, 512U);
    EXPECT_GE(plan->api_connections, 200U);
}

TEST(descriptor_plan, with_enough_descriptors_the_api_has_1024_connections) {
    for (const auto limit : {std::size_t{4'096}, std::numeric_limits<std::size_t>::max()}) {
        const auto plan = plan_descriptors({}, limit);
        ASSERT_TRUE(plan);
        EXPECT_EQ(plan->api_connections, 1'024U);
        EXPECT_EQ(plan->limit, limit);
    }
}

TEST(descriptor_plan, what_needs_exactly_the_limit_fits) {
    const auto needed = plan_descriptors(with(1'000, 500), 100'000).value().needed;
    EXPECT_TRUE(plan_descriptors(with(1'000, 500), needed));
    EXPECT_FALSE(plan_descriptors(with(1'000, 500), needed - 1));
}

TEST(descriptor_plan, refuses_calls_that_do_not_fit_and_says_how_many_would) {
    const auto plan = plan_descriptors(with(1'000), 1'024);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().pointer, "ORCHESTRATOR_MAX_CALLS");
    EXPECT_EQ(plan.error().message,
              "1000 needs 1272 file descriptors in all, and this process may have 1024: raise the hard limit (ulimit "
              "-Hn, LimitNOFILE=, docker --ulimit nofile=) or set 752 at most");
    EXPECT_TRUE(plan_descriptors(with(752), 1'024));
    EXPECT_FALSE(plan_descriptors(with(753), 1'024));
}

TEST(descriptor_plan, refuses_api_connections_that_do_not_fit_and_says_how_many_would) {
    const auto plan = plan_descriptors(with(512, 1'024), 1'024);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().pointer, "ORCHESTRATOR_MAX_API_CONNECTIONS");
    EXPECT_THAT(plan.error().message, HasSubstr("or set 256 at most"));
    EXPECT_TRUE(plan_descriptors(with(512, 256), 1'024));
    EXPECT_FALSE(plan_descriptors(with(512, 257), 1'024));
}

TEST(descriptor_plan, refuses_a_limit_that_is_too_low_for_anything) {
    for (const auto limit : {std::size_t{0}, std::size_t{100}, std::size_t{270}}) {
        const auto plan = plan_descriptors(with(1), limit);
        ASSERT_FALSE(plan) << limit;
        EXPECT_THAT(plan.error().message, HasSubstr("too few for any"));
    }
}

}  // namespace
}  // namespace orchestrator::server
