// Properties of the order in which tenant runs take their turn.
#include "domain/fairness/fair_rank.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace orchestrator {
namespace {

constexpr std::array tiers{subscription_tier::starter, subscription_tier::professional, subscription_tier::enterprise};

struct turn {
    std::int64_t rank;
    subscription_tier tier;

    auto operator<=>(const turn&) const = default;
};

// The order of `count` runs of each tier.
std::vector<turn> order_of(tier_weights weights, int count, std::int64_t start = 0) {
    fair_ranks ranks{start, weights};
    std::vector<turn> order;
    for (const auto tier : tiers)
        for (int i = 0; i < count; ++i) order.push_back({ranks.next(tier), tier});
    std::ranges::sort(order);
    return order;
}

TEST(fair_rank, starts_behind_the_lowest_that_waits) {
    fair_ranks ranks{5'000, tier_weights{}};
    EXPECT_EQ(ranks.next(subscription_tier::starter), 6'000);
    EXPECT_EQ(ranks.next(subscription_tier::professional), 5'500);
    EXPECT_EQ(ranks.next(subscription_tier::enterprise), 5'250);
    EXPECT_EQ(ranks.next(subscription_tier::enterprise), 5'500);
    EXPECT_EQ(ranks.next(subscription_tier::starter), 7'000);
}

TEST(fair_rank, of_one_tier_keeps_the_order_of_planning) {
    fair_ranks ranks{0, tier_weights{}};
    for (std::int64_t last = 0, i = 0; i < 1'000; ++i) {
        const auto next = ranks.next(subscription_tier::enterprise);
        ASSERT_GT(next, last);
        last = next;
    }
}

// In any stretch of the order in which all tiers wait, each has its share to within one turn.
RC_GTEST_PROP(fair_rank, weights_hold_in_any_window, ()) {
    const auto weight = [] { return *rc::gen::element(1, 2, 4, 5, 8, 10, 20); };
    const tier_weights weights{.starter = weight(), .professional = weight(), .enterprise = weight()};
    auto order = order_of(weights, 400);
    // Up to where the first tier runs out.
    std::array<int, 3> left{400, 400, 400};
    const auto end = std::ranges::find_if(order, [&](const turn& of) { return --left[std::size_t(of.tier)] == 0; });
    order.erase(end, order.end());

    const auto first = *rc::gen::inRange<std::size_t>(0, order.size());
    const auto last = *rc::gen::inRange<std::size_t>(first, order.size() + 1);
    std::array<double, 3> turns{};
    for (auto i = first; i < last; ++i) ++turns[std::size_t(order[i].tier)];
    for (const auto a : tiers)
        for (const auto b : tiers) {
            const double share = turns[std::size_t(a)] / weights.of(a), other = turns[std::size_t(b)] / weights.of(b);
            RC_ASSERT(std::abs(share - other) <= 1.0 / weights.of(a) + 1.0 / weights.of(b) + 1e-9);
        }
}

RC_GTEST_PROP(fair_rank, weights_that_do_not_divide_the_scale_hold_to_a_hundredth, ()) {
    const tier_weights weights{.starter = *rc::gen::inRange(1, 11),
                               .professional = *rc::gen::inRange(1, 11),
                               .enterprise = *rc::gen::inRange(1, 11)};
    fair_ranks ranks{0, weights};
    std::array<double, 3> at{};
    for (const auto tier : tiers)
        for (int i = 0; i < 1'000 * weights.of(tier); ++i) at[std::size_t(tier)] = double(ranks.next(tier));
    for (const auto tier : tiers) RC_ASSERT(std::abs(at[std::size_t(tier)] - 1'000'000) <= 10'000);
}

// Executions keep coming, each one takes its start from the lowest rank that waits, and as many runs end as begin.
RC_GTEST_PROP(fair_rank, nobody_starves, ()) {
    const auto backlog = *rc::gen::inRange(1, 40);
    struct waiting {
        std::int64_t rank;
        int order, since;
        auto operator<=>(const waiting&) const = default;
    };
    std::multiset<waiting> queue;
    int order = 0, now = 0;
    const auto arrive = [&](subscription_tier tier) {
        fair_ranks ranks{queue.empty() ? 0 : queue.begin()->rank, tier_weights{}};
        queue.insert({ranks.next(tier), order++, now});
    };
    for (int i = 0; i < backlog; ++i) arrive(*rc::gen::elementOf(tiers));
    for (; now < 500; ++now) {
        // Mostly of the tier that gets most: the hardest for the others.
        arrive(now % 7 == 0 ? subscription_tier::starter : subscription_tier::enterprise);
        RC_ASSERT(now - queue.begin()->since <= 6 * (backlog + 2));
        queue.erase(queue.begin());
    }
    for (const auto& left : queue) RC_ASSERT(now - left.since <= 6 * (backlog + 2));
}

RC_GTEST_PROP(fair_rank, a_new_execution_does_not_overtake_the_one_that_waited_longest, ()) {
    const auto lowest = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
    for (const auto& turn : order_of(tier_weights{}, 3, lowest)) RC_ASSERT(turn.rank > lowest);
}

TEST(tier_weights, gives_each_tier_its_own) {
    const tier_weights weights{.starter = 3, .professional = 5, .enterprise = 7};
    EXPECT_EQ(weights.of(subscription_tier::starter), 3);
    EXPECT_EQ(weights.of(subscription_tier::professional), 5);
    EXPECT_EQ(weights.of(subscription_tier::enterprise), 7);
}

}  // namespace
}  // namespace orchestrator
