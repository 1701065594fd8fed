// What one instance knows of one service: here, how calls that are lost are told from calls that take long.
#include "domain/limits/service_gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace orchestrator {
namespace {

using std::chrono::seconds;

class service_gate_test : public testing::Test {
  protected:
    // Starts as many as may start.
    std::vector<service_gate::ticket> start_all() {
        std::vector<service_gate::ticket> started;
        while (started.size() < 1'000 && gate_.may_start(false, now_)) started.push_back(gate_.start(false, now_));
        return started;
    }
    void end(const service_gate::ticket& ended, call_end how) {
        gate_.end(ended,
                  {.end = how, .route = 0, .sent_at = now_ - seconds{1}, .latency = seconds{1}, .retry_after = {}},
                  now_, 0.5);
    }

    service_gate gate_{{.most = 32}};  // of which an adaptive limit begins with 4
    steady_time now_{seconds{1'000}};
};

TEST_F(service_gate_test, calls_that_are_lost_keep_no_place) {
    const auto lost = start_all();
    ASSERT_EQ(lost.size(), 4U);
    now_ += seconds{14};
    EXPECT_FALSE(gate_.may_start(false, now_)) << "they may take long";
    now_ += seconds{1};
    const auto beyond = start_all();
    ASSERT_EQ(beyond.size(), 1U);
    now_ += seconds{1};
    end(beyond[0], call_end::succeeded);
    EXPECT_EQ(start_all().size(), 4U) << "the service answers: only what was started since counts";
    EXPECT_EQ(gate_.in_flight(), 8);
    EXPECT_FALSE(gate_.may_start(false, now_));

    // Their end tells how the service was before.
    now_ += seconds{300};
    for (int i = 0; i < 4; ++i) end(lost[std::size_t(i)], call_end::timed_out);
    EXPECT_EQ(gate_.breaker().recent(now_).failed, 0);
    EXPECT_EQ(gate_.in_flight(), 4);
}

TEST_F(service_gate_test, a_service_that_stays_silent_gets_one_call_more_now_and_then) {
    start_all();
    std::size_t more = 0;
    for (int i = 0; i < 300; ++i) {
        now_ += seconds{1};
        more += start_all().size();
    }
    EXPECT_EQ(more, 6U) << "after 15, 30, 60, 60 … s";
}

TEST_F(service_gate_test, of_one_that_is_known_eight_times_the_usual_are_enough) {
    end(gate_.start(false, now_), call_end::succeeded);  // in a second
    start_all();
    now_ += milliseconds{7'999};
    EXPECT_FALSE(gate_.may_start(false, now_));
    now_ += milliseconds{1};
    EXPECT_TRUE(gate_.may_start(false, now_));
}

// An hour of training, for instance: what takes long is not lost.
TEST_F(service_gate_test, calls_that_always_take_a_minute_are_waited_for) {
    std::vector<std::pair<service_gate::ticket, steady_time>> calls;
    int beyond = 0, answered = 0;
    for (int i = 0; i < 600; ++i, now_ += seconds{1}) {
        for (; !calls.empty() && now_ - calls.front().second >= seconds{60}; calls.erase(calls.begin()), ++answered)
            gate_.end(calls.front().first,
                      {.end = call_end::succeeded,
                       .route = 0,
                       .sent_at = calls.front().second,
                       .latency = seconds{60},
                       .retry_after = {}},
                      now_, 0.5);
        if (gate_.answered_at()) beyond = std::max(beyond, gate_.in_flight() - gate_.limit());
        for (const auto& call : start_all()) calls.emplace_back(call, now_);
    }
    EXPECT_GT(answered, 30);
    EXPECT_LE(beyond, 0);
}

// Keepalive ends them, half a minute after another process has taken the address over.
TEST_F(service_gate_test, connections_to_a_service_that_was_replaced_say_nothing_of_the_new_one) {
    const auto lost = start_all();
    const auto sent_at = now_;
    for (std::size_t i = 0; i < 3; ++i) end(lost[i], call_end::unknown);
    now_ += seconds{1};
    for (int i = 0; i < 3; ++i) {
        now_ += seconds{10};
        const auto call = gate_.start(false, now_);
        gate_.end(call,
                  {.end = call_end::succeeded, .route = 0, .sent_at = now_, .latency = seconds{1}, .retry_after = {}},
                  now_, 0.5);
    }
    gate_.end(lost[3],
              {.end = call_end::cut_off, .route = 0, .sent_at = sent_at, .latency = now_ - sent_at, .retry_after = {}},
              now_, 0.5);
    EXPECT_EQ(gate_.breaker().recent(now_).failed, 0);
    EXPECT_LE(gate_.usual_latency(), seconds{1});
}

TEST_F(service_gate_test, one_that_breaks_each_connection_is_not_there) {
    for (int i = 0; i < 20; ++i) end(gate_.start(false, now_), call_end::cut_off);
    EXPECT_EQ(gate_.breaker().state(now_), breaker_state::open);
    EXPECT_FALSE(gate_.answered_at());
}

// A fifth of them, for instance: what is called for the others goes on.
TEST_F(service_gate_test, calls_that_hang_for_some_tenants_hold_up_nobody_for_long) {
    const auto began = now_;
    int hanging = 0, answered = 0;
    for (; answered < 100; now_ += milliseconds{10})
        for (const auto& call : start_all())
            if ((answered + hanging) % 5 == 0)
                ++hanging;
            else {
                ++answered;
                gate_.end(call,
                          {.end = call_end::succeeded,
                           .route = 0,
                           .sent_at = now_,
                           .latency = milliseconds{10},
                           .retry_after = {}},
                          now_, 0.5);
            }
    EXPECT_GE(hanging, 20);
    EXPECT_LE(now_ - began, seconds{3});
}

TEST_F(service_gate_test, a_breaker_is_closed_again_although_old_calls_hang_on) {
    const auto hanging = start_all();
    end(hanging[0], call_end::succeeded);
    for (int i = 0; i < 20; ++i) end(gate_.start(false, now_), call_end::failed);
    ASSERT_EQ(gate_.breaker().state(now_), breaker_state::open);
    now_ += seconds{2};
    [[maybe_unused]] const auto hangs_as_well = gate_.start(false, now_);
    ASSERT_EQ(gate_.in_flight(), gate_.limit());
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(gate_.may_start(false, now_)) << "as a probe, beside as many calls as the limit allows";
        end(gate_.start(false, now_), call_end::succeeded);
    }
    EXPECT_EQ(gate_.breaker().state(now_), breaker_state::closed);
    EXPECT_TRUE(gate_.may_start(false, now_));
}

TEST_F(service_gate_test, what_is_configured_as_the_most_is_never_exceeded) {
    gate_.set_most(2);
    EXPECT_EQ(start_all().size(), 2U);
    now_ += seconds{300};
    EXPECT_FALSE(gate_.may_start(false, now_));
}

TEST_F(service_gate_test, probes_that_hang_are_followed_by_others_ever_more_seldom) {
    for (int i = 0; i < 20; ++i) end(gate_.start(false, now_), call_end::failed);
    now_ += seconds{2};
    std::size_t probes = 0;
    for (int i = 0; i < 240; ++i, now_ += seconds{1}) probes += start_all().size();
    EXPECT_GE(probes, 24U);
    EXPECT_LE(probes, 32U);
}

}  // namespace
}  // namespace orchestrator
