// Tests of retry or give up, and of the wait before the next attempt.
#include "domain/retry/retry_policy.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using namespace std::chrono_literals;

constexpr double almost_one = 1 - 1e-12;

TEST(judge_status, retries_only_what_may_pass) {
    for (const bool has_retry_after : {false, true}) {
        for (const int status : {200, 201, 202, 204, 299})
            EXPECT_EQ(judge_status(status, has_retry_after), call_verdict::succeeded) << status;
        for (const int status : {408, 425, 500, 502, 504, 599})
            EXPECT_EQ(judge_status(status, has_retry_after), call_verdict::worth_a_retry) << status;
        for (const int status : {100, 199, 300, 301, 304, 400, 401, 403, 404, 407, 409, 410, 422, 424, 426, 428, 499})
            EXPECT_EQ(judge_status(status, has_retry_after), call_verdict::refused) << status;
    }
}

TEST(judge_status, a_service_that_asks_for_a_pause_has_not_failed) {
    EXPECT_EQ(judge_status(429, true), call_verdict::throttled);
    EXPECT_EQ(judge_status(429, false), call_verdict::throttled);
    EXPECT_EQ(judge_status(503, true), call_verdict::throttled);
    EXPECT_EQ(judge_status(503, false), call_verdict::worth_a_retry) << "it says nothing about when it will be back";
    for (const auto verdict : {call_verdict::succeeded, call_verdict::worth_a_retry, call_verdict::refused})
        EXPECT_FALSE(costs_no_attempt(verdict));
    EXPECT_TRUE(costs_no_attempt(call_verdict::throttled));
    EXPECT_TRUE(costs_no_attempt(call_verdict::not_charged));
}

TEST(retry_delay, three_retries_are_four_attempts) {
    const retry_policy policy{.max_retries = 3};
    for (const int attempts : {1, 2, 3}) EXPECT_TRUE(retry_delay(policy, attempts, {}, 0.5)) << attempts;
    EXPECT_FALSE(retry_delay(policy, 4, {}, 0.5));
    EXPECT_FALSE(retry_delay({.max_retries = 0}, 1, {}, 0.5));
    EXPECT_FALSE(retry_delay({.max_retries = 0}, 1, 1'000ms, 0.5)) << "whatever the service asks for";
}

TEST(retry_delay, doubles_its_ceiling_up_to_the_longest_wait) {
    const retry_policy policy{.max_retries = 20, .delay = 1'000ms, .max_delay = 10'000ms};
    const auto ceiling = [&](int attempts) { return *retry_delay(policy, attempts, {}, almost_one); };
    EXPECT_EQ(ceiling(1), 999ms);
    EXPECT_EQ(ceiling(2), 1'999ms);
    EXPECT_EQ(ceiling(3), 3'999ms);
    EXPECT_EQ(ceiling(4), 7'999ms);
    EXPECT_EQ(ceiling(5), 9'999ms);
    EXPECT_EQ(ceiling(20), 9'999ms);
}

TEST(retry_delay, draws_from_nothing_to_the_ceiling) {
    EXPECT_EQ(retry_delay({}, 1, {}, 0.0), 0ms);
    EXPECT_EQ(retry_delay({}, 1, {}, 0.25), 250ms);
    EXPECT_EQ(retry_delay({.max_retries = 3, .delay = 0ms}, 1, {}, almost_one), 0ms);
}

TEST(retry_delay, waits_at_least_as_long_as_the_service_asked) {
    EXPECT_EQ(retry_delay({}, 1, 5'000ms, 0.0), 5'000ms);
    EXPECT_EQ(retry_delay({}, 1, 5'000ms, 0.5), 5'500ms);
    EXPECT_EQ(retry_delay({}, 1, 0ms, 0.5), 500ms);
    EXPECT_EQ(retry_delay({}, 1, longest_retry_after, 0.0), longest_retry_after);
    EXPECT_EQ(retry_delay({}, 1, longest_retry_after + 1ms, 0.0), longest_retry_after);
}

RC_GTEST_PROP(retry_delay, is_never_negative_nor_beyond_its_bounds, ()) {
    const retry_policy policy{.max_retries = *rc::gen::inRange(0, 21),
                              .delay = milliseconds{*rc::gen::inRange(0, 3'600'001)},
                              .max_delay = milliseconds{*rc::gen::inRange(0, 3'600'001)}};
    const auto attempts = *rc::gen::inRange(1, 100);
    const auto uniform = *rc::gen::inRange(0, 1'000) / 1'000.0;
    const auto own = retry_delay(policy, attempts, {}, uniform);
    RC_ASSERT(own.has_value() == (attempts <= policy.max_retries));
    if (!own) return;
    RC_ASSERT(*own >= 0ms);
    RC_ASSERT(*own <= policy.max_delay);
    const milliseconds asked{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)};
    const auto obeyed = *retry_delay(policy, attempts, asked, uniform);
    RC_ASSERT(obeyed == *own + std::min(asked, longest_retry_after));
}

struct header_case {
    std::string_view value;
    std::optional<milliseconds> expected;
};

class retry_after_header : public testing::TestWithParam<header_case> {};

// 06 Nov 1994 08:49:37 UTC, the example of RFC 9110.
constexpr system_time now{std::chrono::seconds{784'111'777}};

TEST_P(retry_after_header, is_read) {
    EXPECT_EQ(parse_retry_after(GetParam().value, now), GetParam().expected) << GetParam().value;
}

INSTANTIATE_TEST_SUITE_P(
    values, retry_after_header,
    testing::Values(
        header_case{"0", 0ms}, header_case{"120", 120'000ms}, header_case{"007", 7'000ms},
        header_case{"999999999", 999'999'999'000ms}, header_case{"1000000000", longest_retry_after},
        header_case{"99999999999999999999999999", longest_retry_after},
        header_case{"Sun, 06 Nov 1994 08:49:37 GMT", 0ms}, header_case{"Sun, 06 Nov 1994 08:50:00 GMT", 23'000ms},
        header_case{"Sun, 06 Nov 1994 08:49:36 GMT", 0ms}, header_case{"Thu, 01 Jan 1970 00:00:00 GMT", 0ms},
        header_case{"Mon, 07 Nov 1994 08:49:37 GMT", 86'400'000ms}, header_case{"", {}}, header_case{"-1", {}},
        header_case{"+1", {}}, header_case{"1.5", {}}, header_case{" 1", {}}, header_case{"soon", {}},
        header_case{"1s", {}}, header_case{"Sun, 06 Nov 1994 08:49:37 CET", {}},
        header_case{"Sun, 32 Nov 1994 08:49:37 GMT", {}}, header_case{"Sun, 06 Foo 1994 08:49:37 GMT", {}},
        header_case{"Sun, 06 Nov 1994 24:49:37 GMT", {}}, header_case{"Sun, 06 Nov 1994 08:60:37 GMT", {}},
        header_case{"Sun, -6 Nov 1994 08:49:37 GMT", {}}, header_case{"Sunday, 06-Nov-94 08:49:38 GMT", 1'000ms},
        header_case{"Sun Nov  6 08:49:38 1994", 1'000ms}, header_case{"Sun, 06xNov 1994 08:49:37 GMT", {}},
        header_case{"Sun, 06 Nov 1994 08.49.37 GMT", {}}));

}  // namespace
}  // namespace orchestrator
