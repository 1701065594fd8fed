#include "domain/limits/service_pause.h"

#include <gtest/gtest.h>

#include "domain/retry/retry_policy.h"

namespace orchestrator {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr steady_time start{seconds{1'000}};

TEST(service_pause, lasts_as_long_as_the_service_asks) {
    service_pause pause;
    EXPECT_EQ(pause.until(start), std::nullopt);
    pause.throttle(start, seconds{7}, start + seconds{1});
    EXPECT_EQ(pause.until(start + seconds{1}), start + seconds{8});
    EXPECT_EQ(pause.until(start + seconds{8}), std::nullopt);
}

TEST(service_pause, is_bounded_however_long_the_service_asks) {
    service_pause pause;
    pause.throttle(start, hours{24}, start);
    EXPECT_EQ(pause.until(start), start + longest_retry_after);
}

TEST(service_pause, doubles_from_a_second_to_a_minute_when_the_service_does_not_say) {
    service_pause pause;
    auto now = start;
    for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
        pause.throttle(now, std::nullopt, now);
        EXPECT_EQ(pause.until(now), now + seconds{expected});
        now = *pause.until(now) + seconds{1};
    }
    pause.note_success(now);
    pause.throttle(now + seconds{1}, std::nullopt, now + seconds{1});
    EXPECT_EQ(pause.until(now + seconds{1}), now + seconds{2});
}

TEST(service_pause, answers_to_calls_of_before_the_pause_ask_for_no_more_than_they_say) {
    service_pause pause;
    pause.throttle(start, std::nullopt, start);
    for (int i = 0; i < 100; ++i) pause.throttle(start, std::nullopt, start + milliseconds{500});
    EXPECT_EQ(pause.until(start), start + seconds{1});
    EXPECT_EQ(pause.in_a_row(), 1);
    pause.throttle(start, seconds{3}, start + milliseconds{500});
    EXPECT_EQ(pause.until(start), start + milliseconds{3'500});
    pause.note_success(start);
    EXPECT_EQ(pause.in_a_row(), 1) << "a success of before is old news, too";
}

TEST(service_pause, a_service_that_asks_for_no_time_is_not_asked_without_end) {
    service_pause pause;
    auto now = start;
    int calls = 0;
    for (; now < start + seconds{60}; ++calls) {
        pause.throttle(now, milliseconds{0}, now);
        ASSERT_TRUE(pause.until(now));
        now = *pause.until(now) + milliseconds{1};
    }
    EXPECT_LE(calls, 25);
}

TEST(service_pause, of_an_operator_holds_beside_the_services_own) {
    service_pause pause;
    pause.set_by_operator(start + hours{1});
    EXPECT_TRUE(pause.is_by_operator(start));
    pause.throttle(start, seconds{7}, start);
    EXPECT_EQ(pause.until(start), start + hours{1});
    pause.set_by_operator(std::nullopt);
    EXPECT_FALSE(pause.is_by_operator(start));
    EXPECT_EQ(pause.until(start), start + seconds{7});
}

}  // namespace
}  // namespace orchestrator
