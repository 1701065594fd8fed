#include "domain/limits/retry_budget.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1'000}};

int take_all(retry_budget& budget, steady_time now) {
    int taken = 0;
    for (; budget.may_retry(now); ++taken) budget.take(now);
    return taken;
}

TEST(retry_budget, gives_ten_a_second_to_a_service_with_few_calls) {
    retry_budget budget;
    EXPECT_EQ(take_all(budget, start), 10);
    EXPECT_EQ(take_all(budget, start + milliseconds{100}), 1);
    EXPECT_EQ(take_all(budget, start + milliseconds{1'100}), 10);
    EXPECT_EQ(take_all(budget, start + seconds{3'600}), 10) << "what nobody needed is not saved up";
}

TEST(retry_budget, gives_a_fifth_of_the_first_attempts_of_ten_seconds) {
    retry_budget budget;
    for (int i = 0; i < 1'000; ++i) budget.note_first_attempt(start);
    EXPECT_NEAR(take_all(budget, start), 210, 1);
    retry_budget late;
    for (int i = 0; i < 1'000; ++i) late.note_first_attempt(start);
    EXPECT_EQ(take_all(late, start + seconds{11}), 10);
}

TEST(retry_budget, tells_when_the_next_token_is_there) {
    retry_budget budget;
    EXPECT_EQ(budget.next_token(start), std::nullopt);
    take_all(budget, start);
    const auto next = budget.next_token(start);
    ASSERT_TRUE(next);
    EXPECT_LE(*next, start + milliseconds{101});
    EXPECT_FALSE(budget.may_retry(start + milliseconds{98}));
    EXPECT_TRUE(budget.may_retry(*next));
}

// A service that fails entirely: all that may be retried is retried as early as possible.
RC_GTEST_PROP(retry_budget, calls_are_at_most_a_fifth_more_than_first_attempts_and_the_floor, ()) {
    retry_budget budget;
    auto now = start;
    int first = 0, retries = 0;
    for (int i = 0; i < 300; ++i) {
        now += milliseconds{*rc::gen::inRange(0, 300)};
        for (int more = *rc::gen::inRange(0, 20); more > 0; --more, ++first) budget.note_first_attempt(now);
        retries += take_all(budget, now);
    }
    const double passed = std::chrono::duration<double>(now - start).count();
    RC_ASSERT(retries <= 0.2 * first + 10 * (passed + 1) + 1);
}

}  // namespace
}  // namespace orchestrator
