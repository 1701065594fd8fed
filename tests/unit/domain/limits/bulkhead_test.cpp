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

// As many calls as one service may have.
int fill(shared_pool& pool, bool is_answering) {
    int held = 0;
    for (; pool.free() > 0 && may_start(held, pool, is_answering); ++held) ++pool.taken;
    return held;
}

TEST(bulkhead, one_service_alone_gets_three_quarters_or_half_while_it_does_not_answer) {
    shared_pool pool{.size = 512}, other{.size = 512};
    EXPECT_EQ(fill(pool, true), 384);
    EXPECT_EQ(fill(other, false), 256);
    for (const bool is_answering : {false, true}) {
        pool = {.size = 1};
        EXPECT_EQ(fill(pool, is_answering), 1) << "never none";
    }
}

RC_GTEST_PROP(bulkhead, services_that_hang_one_after_the_other_leave_something_to_one_that_does_not, ()) {
    shared_pool pool{.size = *rc::gen::inRange(100, 5'000)};
    const int hanging = *rc::gen::inRange(1, 4);
    for (int i = 0; i < hanging; ++i) fill(pool, false);
    RC_ASSERT(pool.free() >= (pool.size >> hanging) - hanging);
    const int free = pool.free();
    RC_ASSERT(fill(pool, true) >= free * 3 / 4);
    RC_ASSERT(may_start(0, pool, false) || pool.free() == 0);
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

TEST(call_urgency, the_time_that_a_queue_takes) {
    EXPECT_EQ(time_to_call(100, 50, seconds{10}), seconds{20});
    EXPECT_EQ(time_to_call(100, 0, seconds{10}), seconds{0}) << "nothing is known of a service that has not answered";
}

TEST(call_urgency, higher_tiers_first_then_who_has_least_left) {
    EXPECT_TRUE(goes_before({.tier_weight = 4, .steps_left = 6}, {.tier_weight = 1, .steps_left = 1}));
    EXPECT_TRUE(goes_before({.tier_weight = 2, .steps_left = 1}, {.tier_weight = 2, .steps_left = 3}));
    EXPECT_FALSE(goes_before({.tier_weight = 2, .steps_left = 1}, {.tier_weight = 2, .steps_left = 1}));
}

}  // namespace
}  // namespace orchestrator
