#include "domain/limits/adaptive_limit.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1'000}};

// Calls that all take as long, as many at a time as the limit allows.
class steady_service {
  public:
    explicit steady_service(adaptive_limit::settings settings) : limit{settings} {}

    // One round trip of all places.
    void answer(steady_duration latency, call_signal signal = call_signal::ok, double used = 1, std::size_t route = 0) {
        const auto sent_at = now;
        now += latency;
        const int calls = std::max(1, int(limit.limit() * used));
        for (int i = 0; i < calls; ++i)
            limit.on_answer(
                {.route = route, .sent_at = sent_at, .latency = latency, .signal = signal, .in_flight = calls}, now);
    }
    void answer_for(steady_duration span, steady_duration latency, double used = 1, std::size_t route = 0) {
        for (const auto end = now + span; now < end;) answer(latency, call_signal::ok, used, route);
    }

    adaptive_limit limit;
    steady_time now = start;
};

TEST(adaptive_limit, grows_to_the_most_when_latency_does_not) {
    steady_service service{{.most = 256}};
    EXPECT_EQ(service.limit.limit(), 4);
    EXPECT_EQ(service.limit.state().reason, limit_reason::starting);
    service.answer_for(seconds{3}, milliseconds{50});
    EXPECT_EQ(service.limit.limit(), 256);
    EXPECT_EQ(service.limit.state().reason, limit_reason::at_most);
}

TEST(adaptive_limit, a_fast_service_is_at_its_most_within_a_quarter_of_a_second) {
    steady_service service{{.most = 256}};
    service.answer_for(milliseconds{250}, std::chrono::microseconds{800});
    EXPECT_EQ(service.limit.limit(), 256);
}

TEST(adaptive_limit, stays_where_it_is_when_it_is_not_used) {
    steady_service service{{.most = 256, .start = 16}};
    service.answer_for(seconds{5}, milliseconds{50}, 0.5);
    EXPECT_EQ(service.limit.limit(), 16);
    EXPECT_EQ(service.limit.state().reason, limit_reason::unused);
}

TEST(adaptive_limit, ten_milliseconds_more_are_no_overload) {
    steady_service service{{.most = 256}};
    service.answer_for(seconds{2}, milliseconds{2});
    service.answer_for(seconds{10}, milliseconds{12});
    EXPECT_EQ(service.limit.limit(), 256);
}

TEST(adaptive_limit, comes_down_when_latency_grows_with_what_is_in_flight) {
    steady_service service{{.most = 256}};
    service.answer_for(seconds{3}, milliseconds{50});
    for (int i = 0; i < 100; ++i) service.answer(milliseconds{50} * std::max(1, service.limit.limit() / 20));
    EXPECT_LE(service.limit.limit(), 45);
    EXPECT_GE(service.limit.limit(), 15);
}

TEST(adaptive_limit, a_service_that_is_slower_by_itself_is_slower_and_not_overloaded) {
    steady_service service{{.most = 256}};
    service.answer_for(seconds{3}, milliseconds{50});
    service.answer_for(seconds{60}, milliseconds{200});
    EXPECT_GE(service.limit.limit(), 200);
}

TEST(adaptive_limit, a_slow_route_does_not_teach_the_fast_one) {
    steady_service service{{.most = 64}};
    service.answer_for(seconds{3}, milliseconds{50}, 1, 0);
    service.answer_for(seconds{60}, seconds{3}, 1, 1);
    service.answer_for(seconds{3}, milliseconds{50}, 1, 0);
    EXPECT_EQ(service.limit.limit(), 64);
    EXPECT_LE(service.limit.state().slowness, 1.1);
}

// More of them than are kept of one kind: what was learnt unloaded is not learnt anew under load.
TEST(adaptive_limit, many_routes_in_turn_teach_each_other_nothing) {
    steady_service service{{.most = 256}};
    const auto call_each = [&](int rounds, auto latency) {
        for (; rounds > 0; --rounds)
            for (std::size_t route = 0; route < 12 * 8; route += 8)
                for (int i = 0; i < 5; ++i) service.answer(latency(), call_signal::ok, 1, route);
    };
    call_each(4, [] { return milliseconds{50}; });
    EXPECT_EQ(service.limit.limit(), 256);
    call_each(4, [&] { return milliseconds{50} * std::max(1, service.limit.limit() / 20); });
    EXPECT_LE(service.limit.limit(), 60);
}

TEST(adaptive_limit, is_cut_once_a_round_trip_however_many_calls_tell_of_it) {
    steady_service service{{.most = 100, .start = 100}};
    service.answer(milliseconds{50}, call_signal::overload);
    EXPECT_EQ(service.limit.limit(), 70);
    EXPECT_EQ(service.limit.state().reason, limit_reason::overloaded);
    service.now += milliseconds{1};
    service.answer(milliseconds{50}, call_signal::overload);
    EXPECT_EQ(service.limit.limit(), 49);
}

TEST(adaptive_limit, what_was_sent_before_the_cut_is_old_news) {
    steady_service service{{.most = 100, .start = 100}};
    service.answer(milliseconds{50}, call_signal::overload);
    for (int i = 0; i < 100; ++i)
        service.limit.on_answer({.sent_at = start, .latency = seconds{30}, .signal = call_signal::overload},
                                service.now + seconds{30});
    EXPECT_EQ(service.limit.limit(), 70);
}

TEST(adaptive_limit, a_refusal_now_and_then_is_no_overload) {
    steady_service service{{.most = 100, .start = 100}};
    for (int i = 0; i < 5'000; ++i) {
        service.now += milliseconds{1};
        const auto signal = i % 100 == 99 ? call_signal::overload : call_signal::ok;
        service.limit.on_answer({.sent_at = service.now - milliseconds{50},
                                 .latency = milliseconds{50},
                                 .signal = signal,
                                 .in_flight = 100},
                                service.now);
    }
    EXPECT_EQ(service.limit.limit(), 100);
}

TEST(adaptive_limit, failures_that_are_not_of_load_and_polls_say_nothing) {
    steady_service service{{.most = 100, .start = 50}};
    for (int i = 0; i < 100; ++i) {
        service.answer(seconds{5}, call_signal::failed);
        service.answer(seconds{5}, call_signal::ignored);
    }
    EXPECT_EQ(service.limit.limit(), 50);
}

TEST(adaptive_limit, never_falls_below_one) {
    steady_service service{{.most = 100}};
    for (int i = 0; i < 100; ++i) service.answer(milliseconds{50}, call_signal::overload);
    EXPECT_EQ(service.limit.limit(), 1);
    service.answer_for(seconds{30}, milliseconds{50});
    EXPECT_EQ(service.limit.limit(), 100) << "and comes back";
}

TEST(adaptive_limit, fixed_is_the_most_always) {
    steady_service service{{.most = 256, .fixed = true}};
    for (int i = 0; i < 10; ++i) service.answer(seconds{5}, call_signal::overload);
    EXPECT_EQ(service.limit.limit(), 256);
    EXPECT_EQ(service.limit.state().reason, limit_reason::fixed);
}

TEST(adaptive_limit, follows_an_operators_bound_at_once) {
    steady_service service{{.most = 256}};
    service.answer_for(seconds{3}, milliseconds{50});
    service.limit.set_most(7);
    EXPECT_EQ(service.limit.limit(), 7);
    service.answer_for(seconds{3}, milliseconds{50});
    EXPECT_EQ(service.limit.limit(), 7);
    service.limit.set_most(256);
    service.answer_for(seconds{10}, milliseconds{50});
    EXPECT_EQ(service.limit.limit(), 256);
}

RC_GTEST_PROP(adaptive_limit, stays_within_its_bounds_whatever_happens, ()) {
    const int most = *rc::gen::inRange(1, 1'000);
    adaptive_limit limit{
        {.most = most, .start = *rc::gen::inRange(1, 1'000), .seed = *rc::gen::arbitrary<std::uint64_t>()}};
    auto now = start;
    for (int i = 0; i < 500; ++i) {
        now += std::chrono::microseconds{*rc::gen::inRange(0, 200'000)};
        const auto latency = std::chrono::microseconds{*rc::gen::inRange(0, 2'000'000)};
        limit.on_answer({.route = *rc::gen::inRange<std::size_t>(0, 200),
                         .sent_at = now - latency,
                         .latency = latency,
                         .signal = *rc::gen::element(call_signal::ok, call_signal::ok, call_signal::ok,
                                                     call_signal::failed, call_signal::overload, call_signal::ignored),
                         .in_flight = *rc::gen::inRange(0, 1'000)},
                        now);
        RC_ASSERT(limit.limit() >= 1);
        RC_ASSERT(limit.limit() <= most);
    }
}

}  // namespace
}  // namespace orchestrator
