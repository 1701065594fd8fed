// How much of what is shared one service may take, and who goes first when time is short.
#include "domain/limits/bulkhead.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "domain/limits/call_urgency.h"

namespace orchestrator {
namespace {

using std::chrono::seconds;

// As many as want to, until none may start any more.
std::vector<int> fill(shared_pool& pool, int services) {
    std::vector<int> held(std::size_t(services), 0);
    for (bool more = true; more;) {
        more = false;
        for (auto& each : held)
            if (pool.free() > 0 && may_start(each, pool)) {
                ++each;
                ++pool.taken;
                more = true;
            }
    }
    return held;
}

TEST(bulkhead, one_service_alone_gets_two_thirds) {
    shared_pool pool{.size = 512};
    EXPECT_EQ(fill(pool, 1).front(), 342);
    pool = {.size = 1};
    EXPECT_EQ(fill(pool, 1).front(), 1) << "never none";
}

RC_GTEST_PROP(bulkhead, leaves_room_for_one_more_and_gives_all_the_same, ()) {
    shared_pool pool{.size = *rc::gen::inRange(20, 5'000)};
    const int services = *rc::gen::inRange(1, 9);
    const auto held = fill(pool, services);
    RC_ASSERT(pool.free() >= pool.size / (2 * services + 1) - 1);
    const auto [fewest, most] = std::ranges::minmax(held);
    RC_ASSERT(most - fewest <= 1);
    RC_ASSERT(may_start(0, pool));
}

RC_GTEST_PROP(bulkhead, who_was_claimed_is_not_sent_back, ()) {
    shared_pool runs{.size = *rc::gen::inRange(1, 5'000)};
    int held = 0;
    for (int room = claim_room(held, runs); room > 0; room = claim_room(held, runs)) {
        runs.taken += room;
        RC_ASSERT(runs.taken <= runs.size);
        for (int i = 0; i < room; ++i) RC_ASSERT(may_wait(held++, runs));
    }
    RC_ASSERT(held > 0);
}

TEST(call_urgency, while_there_is_time_nobody_overtakes) {
    EXPECT_FALSE(is_short_of_time(100, 50, seconds{10}, seconds{21}));
    EXPECT_TRUE(is_short_of_time(100, 50, seconds{10}, seconds{19}));
    EXPECT_FALSE(is_short_of_time(100, 0, seconds{10}, seconds{1}))
        << "nothing is known of a service that has not answered";
}

TEST(call_urgency, higher_tiers_first_then_who_has_least_left) {
    EXPECT_TRUE(goes_before({.tier_weight = 4, .steps_left = 6}, {.tier_weight = 1, .steps_left = 1}));
    EXPECT_TRUE(goes_before({.tier_weight = 2, .steps_left = 1}, {.tier_weight = 2, .steps_left = 3}));
    EXPECT_FALSE(goes_before({.tier_weight = 2, .steps_left = 1}, {.tier_weight = 2, .steps_left = 1}));
}

}  // namespace
}  // namespace orchestrator
