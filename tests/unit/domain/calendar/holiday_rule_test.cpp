#include "domain/calendar/holiday_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orchestrator {
namespace {

using namespace std::chrono;
using testing::ElementsAre;
using testing::SizeIs;

local_days date(int y, unsigned m, unsigned d) { return local_days{year{y} / month{m} / day{d}}; }

std::vector<local_days> dates_in(const holiday_rule& rule, int y) {
    std::vector<local_days> found;
    for (const auto& each : days_of(rule))
        if (int(year_month_day{each.date}.year()) == y) found.push_back(each.date);
    return found;
}

TEST(easter, is_right_in_years_of_every_kind) {
    // From the table of the United States Naval Observatory.
    EXPECT_EQ(easter_sunday(2000y), date(2000, 4, 23));
    EXPECT_EQ(easter_sunday(2008y), date(2008, 3, 23));
    EXPECT_EQ(easter_sunday(2024y), date(2024, 3, 31));
    EXPECT_EQ(easter_sunday(2025y), date(2025, 4, 20));
    EXPECT_EQ(easter_sunday(2038y), date(2038, 4, 25));  // the latest that it can be
    EXPECT_EQ(easter_sunday(2049y), date(2049, 4, 18));  // 25 April without the exception of the lunar table
    EXPECT_EQ(easter_sunday(2076y), date(2076, 4, 19));
    EXPECT_EQ(easter_sunday(2100y), date(2100, 3, 28));
}

TEST(easter, is_a_sunday_between_22_march_and_25_april) {
    for (auto y = 2000y; y <= 2100y; ++y) {
        const year_month_day at{easter_sunday(y)};
        EXPECT_EQ(weekday{easter_sunday(y)}, Sunday);
        EXPECT_GE(at, y / March / 22);
        EXPECT_LE(at, y / April / 25);
    }
}

TEST(holiday_rule, a_fixed_day_is_there_each_year) {
    const holiday_rule rule{"Epifanía", fixed_day{January / 6}};
    EXPECT_THAT(days_of(rule), SizeIs(101));
    EXPECT_THAT(dates_in(rule, 2026), ElementsAre(date(2026, 1, 6)));
}

TEST(holiday_rule, the_29th_of_february_is_there_in_leap_years_only) {
    EXPECT_THAT(days_of({"leap", fixed_day{February / 29}}), SizeIs(25));  // 2000 is one, 2100 is not
}

TEST(holiday_rule, years_limit_it) {
    const holiday_rule rule{"x", fixed_day{January / 6}, false, {{2008, 2009}, {2020, 2020}}};
    EXPECT_THAT(days_of(rule), SizeIs(3));
}

TEST(holiday_rule, moves_from_a_sunday_to_the_monday_and_says_so) {
    const holiday_rule rule{"x", fixed_day{November / 1}, true, {{2026, 2027}}};
    const auto days = days_of(rule);
    ASSERT_THAT(days, SizeIs(2));
    EXPECT_EQ(days[0].date, date(2026, 11, 2));
    EXPECT_TRUE(days[0].moved);
    EXPECT_EQ(days[1].date, date(2027, 11, 1));
    EXPECT_FALSE(days[1].moved);
}

TEST(holiday_rule, a_day_that_moves_out_of_the_last_year_is_gone) {
    EXPECT_THAT(days_of({"x", fixed_day{December / 31}, true, {{2100, 2100}}}), SizeIs(1));  // a Friday
    EXPECT_THAT(days_of({"x", fixed_day{January / 2}, true, {{2000, 2000}}}),
                ElementsAre(testing::Field(&rule_day::date, date(2000, 1, 3))));
}

TEST(holiday_rule, counts_weekdays_from_either_end_of_a_month) {
    EXPECT_THAT(dates_in({"x", nth_weekday{November, Thursday, 4}}, 2026), ElementsAre(date(2026, 11, 26)));
    EXPECT_THAT(dates_in({"x", nth_weekday{May, Monday, -1}}, 2026), ElementsAre(date(2026, 5, 25)));
    EXPECT_THAT(dates_in({"x", nth_weekday{February, Sunday, 5}}, 2026), ElementsAre());
}

TEST(holiday_rule, follows_easter) {
    EXPECT_THAT(dates_in({"Viernes Santo", easter_day{-2}}, 2026), ElementsAre(date(2026, 4, 3)));
    EXPECT_THAT(dates_in({"Corpus", easter_day{60}}, 2026), ElementsAre(date(2026, 6, 4)));
}

TEST(holiday_rule, an_islamic_day_may_come_twice_in_a_year) {
    EXPECT_THAT(dates_in({"Eid al-Fitr", islamic_day{10, 1}}, 2000), SizeIs(2));
    EXPECT_THAT(dates_in({"Eid al-Adha", islamic_day{12, 10}}, 2026), ElementsAre(date(2026, 5, 27)));
}

TEST(holiday_rule, lists_days_one_by_one_and_by_interval) {
    const holiday_rule rule{
        "vacation", listed_days{{date(2026, 8, 1), date(2026, 8, 3)}, {date(2026, 12, 24), date(2026, 12, 24)}}};
    EXPECT_THAT(dates_in(rule, 2026),
                ElementsAre(date(2026, 8, 1), date(2026, 8, 2), date(2026, 8, 3), date(2026, 12, 24)));
}

}  // namespace
}  // namespace orchestrator
