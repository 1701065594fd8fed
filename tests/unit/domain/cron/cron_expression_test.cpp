// The next time on the wall. The zones' jumps are in occurrence_test.cpp; the mass of cases is in tests/differential/.
#include "domain/cron/cron_expression.h"

#include <fmt/chrono.h>
#include <gtest/gtest.h>

#include <sstream>

#include "domain/cron/parse_cron.h"

namespace orchestrator {
namespace {

local_seconds at(std::string_view text) {
    int y = 0, m = 0, d = 0, h = 0, min = 0, s = 0;
    EXPECT_GE(std::sscanf(std::string{text}.c_str(), "%d-%d-%d %d:%d:%d", &y, &m, &d, &h, &min, &s), 5) << text;
    const std::chrono::year_month_day date{std::chrono::year{y}, std::chrono::month(unsigned(m)),
                                           std::chrono::day(unsigned(d))};
    return std::chrono::local_days{date} + std::chrono::hours{h} + std::chrono::minutes{min} + std::chrono::seconds{s};
}

std::string text_of(std::optional<local_seconds> time) {
    if (!time) return "never";
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", std::chrono::sys_seconds{time->time_since_epoch()});
}

struct next_case {
    std::string_view expression;
    std::string_view after;
    std::string_view next;
};

class next_after : public testing::TestWithParam<next_case> {};

TEST_P(next_after, is_the_first_match_behind) {
    const auto [text, after, next] = GetParam();
    const auto expression = parse_cron(text);
    ASSERT_TRUE(expression) << expression.error().message;
    EXPECT_EQ(text_of(expression->next_after(at(after))), next) << text << " after " << after;
}

INSTANTIATE_TEST_SUITE_P(
    table, next_after,
    testing::Values(next_case{"0 8 * * *", "2026-03-01 07:59:59", "2026-03-01 08:00:00"},
                    next_case{"0 8 * * *", "2026-03-01 08:00:00", "2026-03-02 08:00:00"},
                    next_case{"0 8 * * *", "2026-12-31 08:00:00", "2027-01-01 08:00:00"},
                    next_case{"*/15 * * * *", "2026-03-01 07:45:00", "2026-03-01 08:00:00"},
                    next_case{"30 6,18 * * *", "2026-03-01 06:30:00", "2026-03-01 18:30:00"},
                    next_case{"0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"},
                    next_case{"0 0 29 2 *", "2096-02-29 00:00:00", "never"},  // 2100 is no leap year
                    next_case{"0 0 31 * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00"},
                    next_case{"0 0 L * *", "2028-02-01 00:00:00", "2028-02-29 00:00:00"},
                    next_case{"0 0 L-1 * *", "2026-02-01 00:00:00", "2026-02-27 00:00:00"},
                    next_case{"0 9 * * mon", "2026-11-23 09:00:00", "2026-11-30 09:00:00"},
                    next_case{"0 9 * * mon", "2026-11-24 00:00:00", "2026-11-30 09:00:00"},
                    next_case{"0 9 * * 7", "2026-11-24 00:00:00", "2026-11-29 09:00:00"},
                    next_case{"0 9 * * 5#2", "2026-11-01 00:00:00", "2026-11-13 09:00:00"},
                    next_case{"0 9 * * 5#5", "2026-11-01 00:00:00", "2027-01-29 09:00:00"},
                    next_case{"0 9 * * 5L", "2026-11-01 00:00:00", "2026-11-27 09:00:00"},
                    next_case{"0 0 13 * 5", "2026-11-01 00:00:00", "2026-11-06 00:00:00"},  // either: a Friday
                    next_case{"0 0 13 * 5", "2026-12-12 00:00:00", "2026-12-13 00:00:00"},  // or the 13th, a Sunday
                    next_case{"0 0 */2 * 1", "2026-11-01 00:00:00",
                              "2026-11-09 00:00:00"},  // both: an odd day and a Monday
                    next_case{"0 0 13 * */5", "2026-11-01 00:00:00",
                              "2026-11-13 00:00:00"},  // both: Sundays and Fridays are 0 and 5
                    next_case{"59 23 31 12 *", "2100-12-31 23:58:59", "2100-12-31 23:59:00"},
                    next_case{"59 23 31 12 *", "2100-12-31 23:59:00", "never"}));

TEST(cron_expression, counts_seconds_when_there_are_some) {
    const auto expression = parse_cron("10,50 59 23 * * *", {.seconds_field = true});
    ASSERT_TRUE(expression);
    EXPECT_EQ(text_of(expression->next_after(at("2026-03-01 23:59:09"))), "2026-03-01 23:59:10");
    EXPECT_EQ(text_of(expression->next_after(at("2026-03-01 23:59:10"))), "2026-03-01 23:59:50");
    EXPECT_EQ(text_of(expression->next_after(at("2026-03-01 23:59:50"))), "2026-03-02 23:59:10");
}

TEST(cron_expression, knows_whether_it_is_due_in_every_hour) {
    for (const auto* text : {"30 * * * *", "* * * * *", "0 */1 * * *", "0 0-23 * * 1"})
        EXPECT_TRUE(parse_cron(text)->every_hour()) << text;
    for (const auto* text : {"0 8 * * *", "*/5 2 * * *", "0 */2 * * *"})
        EXPECT_FALSE(parse_cron(text)->every_hour()) << text;
}

}  // namespace
}  // namespace orchestrator
