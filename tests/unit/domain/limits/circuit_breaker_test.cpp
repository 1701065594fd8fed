#include "domain/limits/circuit_breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace orchestrator {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1'000}};

class circuit_breaker_test : public testing::Test {
  protected:
    void call(call_health health, int times = 1) {
        for (int i = 0; i < times; ++i) breaker.end(breaker.start(now), health, now, 0.5);
    }
    void open_it() {
        call(call_health::failed, 20);
        ASSERT_EQ(breaker.state(now), breaker_state::open);
    }
    void wait_until_half_open() {
        now = *breaker.next_change(now);
        ASSERT_EQ(breaker.state(now), breaker_state::half_open);
    }

    circuit_breaker breaker;
    steady_time now = start;
};

TEST_F(circuit_breaker_test, opens_when_half_of_twenty_calls_failed) {
    call(call_health::well, 10);
    call(call_health::failed, 9);
    EXPECT_TRUE(breaker.may_start(now)) << "19 calls are too few";
    call(call_health::failed);
    EXPECT_FALSE(breaker.may_start(now));
    EXPECT_EQ(breaker.state(now), breaker_state::open);
    EXPECT_EQ(breaker.open_since(), now);
}

TEST_F(circuit_breaker_test, stays_closed_below_half) {
    for (int i = 0; i < 100; ++i) {
        call(call_health::well, 11);
        call(call_health::failed, 9);
    }
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
}

TEST_F(circuit_breaker_test, forgets_failures_after_ten_seconds) {
    call(call_health::failed, 19);
    now += seconds{10};
    call(call_health::failed);
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
}

TEST_F(circuit_breaker_test, opens_when_five_in_a_row_found_nobody) {
    call(call_health::unreachable, 4);
    call(call_health::well);
    call(call_health::unreachable, 4);
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
    call(call_health::unreachable);
    EXPECT_EQ(breaker.state(now), breaker_state::open);
}

TEST_F(circuit_breaker_test, what_we_ended_ourselves_says_nothing) {
    call(call_health::unknown, 1'000);
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
    EXPECT_EQ(breaker.recent(now).all, 0);
}

TEST_F(circuit_breaker_test, lets_three_probes_through_and_closes_when_two_succeed) {
    open_it();
    wait_until_half_open();
    std::vector<circuit_breaker::pass> probes;
    while (breaker.may_start(now)) probes.push_back(breaker.start(now));
    ASSERT_EQ(probes.size(), 3u);
    EXPECT_TRUE(probes[0].is_probe);
    breaker.end(probes[0], call_health::failed, now, 0.5);
    breaker.end(probes[1], call_health::well, now, 0.5);
    EXPECT_EQ(breaker.state(now), breaker_state::half_open) << "one unlucky probe decides nothing";
    breaker.end(probes[2], call_health::well, now, 0.5);
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
    EXPECT_EQ(breaker.open_since(), std::nullopt);
}

TEST_F(circuit_breaker_test, waits_twice_as_long_each_time_up_to_a_minute) {
    open_it();
    auto wait = milliseconds{1'000};
    for (int i = 0; i < 10; ++i) {
        const auto waits = *breaker.next_change(now) - now;
        EXPECT_GE(waits, wait * 3 / 4);
        EXPECT_LE(waits, std::min<steady_duration>(wait * 11 / 10, seconds{60}));
        wait_until_half_open();
        call(call_health::failed, 2);
        ASSERT_EQ(breaker.state(now), breaker_state::open);
        wait = std::min(2 * wait, milliseconds{60'000});
    }
    wait_until_half_open();
    call(call_health::well, 2);
    open_it();
    EXPECT_LE(*breaker.next_change(now) - now, milliseconds{1'100}) << "and begins anew after it has closed";
}

TEST_F(circuit_breaker_test, a_probe_that_is_given_back_makes_room) {
    open_it();
    wait_until_half_open();
    call(call_health::unknown, 100);
    EXPECT_TRUE(breaker.may_start(now));
}

TEST_F(circuit_breaker_test, a_probe_that_never_ends_makes_room_in_the_end) {
    open_it();
    wait_until_half_open();
    for (int i = 0; i < 3; ++i) (void)breaker.start(now);
    EXPECT_FALSE(breaker.may_start(now));
    now = *breaker.next_change(now);
    EXPECT_TRUE(breaker.may_start(now));
}

TEST_F(circuit_breaker_test, a_slow_probe_counts_when_its_answer_comes) {
    open_it();
    wait_until_half_open();
    const auto first = breaker.start(now), second = breaker.start(now);
    now += seconds{300};
    breaker.end(first, call_health::well, now, 0.5);
    breaker.end(second, call_health::well, now, 0.5);
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
}

TEST_F(circuit_breaker_test, answers_to_calls_of_before_change_nothing) {
    const auto early = breaker.start(now);
    open_it();
    wait_until_half_open();
    for (int i = 0; i < 10; ++i) breaker.end(early, call_health::failed, now, 0.5);
    EXPECT_EQ(breaker.state(now), breaker_state::half_open);
    call(call_health::well, 2);
    for (int i = 0; i < 100; ++i) breaker.end(early, call_health::failed, now, 0.5);
    EXPECT_EQ(breaker.state(now), breaker_state::closed);
}

// Whatever happened, with passes lost and late answers: a service that is well from now on is called freely within 70
// s.
RC_GTEST_PROP(circuit_breaker, a_service_that_is_well_leads_to_closed_within_70_s, ()) {
    circuit_breaker breaker;
    auto now = start;
    std::vector<circuit_breaker::pass> under_way;
    const auto healths = rc::gen::element(call_health::well, call_health::failed, call_health::failed,
                                          call_health::unreachable, call_health::unknown);
    const int happenings = *rc::gen::inRange(0, 400);
    for (int i = 0; i < happenings; ++i) {
        switch (*rc::gen::inRange(0, 8)) {
            case 0:
                now += milliseconds{*rc::gen::inRange(0, 90'000)};
                break;
            case 1:
                if (!under_way.empty()) under_way.pop_back();  // lost for ever
                break;
            case 2:
            case 3:
                if (!under_way.empty()) {
                    const auto which = *rc::gen::inRange<std::size_t>(0, under_way.size());
                    breaker.end(under_way[which], *healths, now, *rc::gen::inRange(0, 1'000) / 1'000.0);
                    under_way.erase(under_way.begin() + std::ptrdiff_t(which));
                }
                break;
            default:
                now += milliseconds{*rc::gen::inRange(0, 100)};
                if (breaker.may_start(now)) under_way.push_back(breaker.start(now));
        }
    }
    const auto well_since = now;
    while (breaker.state(now) != breaker_state::closed) {
        RC_ASSERT(now < well_since + seconds{70});
        if (breaker.may_start(now)) {
            const auto pass = breaker.start(now);
            now += milliseconds{100};
            breaker.end(pass, call_health::well, now, 0.5);
        } else {
            const auto next = breaker.next_change(now);
            RC_ASSERT(next.has_value());
            RC_ASSERT(*next > now);
            now = *next;
        }
    }
}

}  // namespace
}  // namespace orchestrator
