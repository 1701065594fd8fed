// While tenants of all tiers wait, each tier is served by its weight (4 : 2 : 1), and nobody starves.
#include <gtest/gtest.h>

#include <array>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

// How many of each tier were claimed before the first one had no more to wait for.
std::array<int, 3> served_while_all_wait(const std::vector<tenant>& order, std::array<int, 3> waiting) {
    std::array<int, 3> served{};
    for (const auto& each : order) {
        const auto tier = std::size_t(each.tier);
        ++served[tier];
        if (--waiting[tier] == 0) break;
    }
    return served;
}

TEST(fairness, tiers_are_served_by_their_weights_while_all_of_them_wait) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        draws random{seed};
        world at{{.seed = seed, .max_active_runs = random.between(1, 8), .claim_batch = random.between(1, 4)}};
        const auto tenants = random_tenants(random, 300, false);
        std::array<int, 3> waiting{};
        for (const auto& each : tenants) ++waiting[std::size_t(each.tier)];
        at.services().set_tenants(tenants, random.chance(0.5));
        at.start_instance();
        const auto id = at.open(workflow_from(
            R"({"workflow_name":"one","steps":[{"name":"bake","service":"sales","path":"/{{tenant.id}}"}]})"));
        ASSERT_TRUE(at.run_to_end({id}, std::chrono::hours{1})) << at.report();
        ASSERT_EQ(at.books().claim_order().size(), tenants.size());
        const auto served = served_while_all_wait(at.books().claim_order(), waiting);
        EXPECT_NEAR(served[1], served[0] * 2, 3) << "SEED=" << seed;
        EXPECT_NEAR(served[2], served[0] * 4, 5) << "SEED=" << seed;
    }
}

}  // namespace
}  // namespace orchestrator::simulation
