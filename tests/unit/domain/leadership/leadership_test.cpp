#include "domain/leadership/leadership.h"

#include <gtest/gtest.h>

namespace orchestrator {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1'000}};
constexpr leadership_terms terms{.ttl = seconds{90}, .heartbeat = seconds{30}};

TEST(leadership_terms, a_heartbeat_may_be_a_third_of_the_ttl) {
    EXPECT_TRUE(terms.are_valid());
    EXPECT_FALSE((leadership_terms{.ttl = seconds{90}, .heartbeat = milliseconds{30'001}}.are_valid()));
    EXPECT_FALSE((leadership_terms{.ttl = seconds{90}, .heartbeat = seconds{0}}.are_valid()));
}

TEST(leadership, begins_as_a_follower_that_asks_at_once) {
    const leadership state{terms};
    EXPECT_FALSE(state.leads(start));
    EXPECT_LE(state.next_request(), start);
    EXPECT_EQ(state.epoch(), 0);
}

TEST(leadership, holds_from_the_moment_it_asked_and_stops_before_the_end) {
    leadership state{terms};
    state.granted(start, 7);
    EXPECT_EQ(state.epoch(), 7);
    EXPECT_TRUE(state.leads(start + seconds{90} - terms.margin() - milliseconds{1}));
    EXPECT_FALSE(state.leads(start + seconds{90} - terms.margin()));
    EXPECT_EQ(state.next_request(), start + seconds{30});
}

TEST(leadership, an_answer_that_does_not_come_ends_nothing_and_is_asked_for_soon) {
    leadership state{terms};
    state.granted(start, 1);
    state.unanswered(start + seconds{40});
    EXPECT_TRUE(state.leads(start + seconds{80}));
    EXPECT_EQ(state.next_request(), start + seconds{45});
    state.unanswered(start + seconds{85});
    EXPECT_FALSE(state.leads(start + seconds{86}));
}

TEST(leadership, a_refusal_ends_it_at_once) {
    leadership state{terms};
    state.granted(start, 1);
    state.refused(start + seconds{30}, seconds{60});
    EXPECT_FALSE(state.leads(start + seconds{30}));
    EXPECT_EQ(state.epoch(), 1) << "what it led under, so that a renewal can be told from a new claim";
}

TEST(leadership, asks_again_when_the_others_lease_ends_but_never_later_than_a_heartbeat) {
    leadership state{terms};
    state.refused(start, milliseconds{700});
    EXPECT_EQ(state.next_request(), start + milliseconds{701});
    state.refused(start, seconds{80});
    EXPECT_EQ(state.next_request(), start + seconds{30});
    state.refused(start, milliseconds{-50});
    EXPECT_GT(state.next_request(), start) << "no busy loop";
    EXPECT_LE(state.next_request(), start + milliseconds{10});
}

}  // namespace
}  // namespace orchestrator
