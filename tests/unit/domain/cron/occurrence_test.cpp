// What becomes of 08:00 and of 02:30 when the clocks jump. The mass of cases is in tests/differential/.
#include "domain/cron/occurrence.h"

#include <gtest/gtest.h>

#include "domain/cron/parse_cron.h"
#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator {
namespace {

using namespace std::chrono;
using kind = occurrence::kind;

sys_seconds utc(int y, unsigned m, unsigned d, int h, int min = 0, int s = 0) {
    return sys_days{year{y} / month(m) / day(d)} + hours{h} + minutes{min} + seconds{s};
}

std::vector<occurrence> occurrences(std::string_view text, const time_zone& zone, sys_seconds after, sys_seconds until,
                                    clock_policy policy = {}) {
    const auto expression = parse_cron(text).value();
    zone_cursor cursor{zone};
    std::vector<occurrence> found;
    for (auto next = next_occurrence(expression, cursor, after, policy); next && next->at <= until;
         next = next_occurrence(expression, cursor, next->at, policy))
        found.push_back(*next);
    return found;
}

std::vector<sys_seconds> instants(std::string_view text, const time_zone& zone, sys_seconds after, sys_seconds until,
                                  clock_policy policy = {}) {
    std::vector<sys_seconds> found;
    for (const auto& each : occurrences(text, zone, after, until, policy)) found.push_back(each.at);
    return found;
}

TEST(occurrence, of_eight_in_the_morning_is_eight_on_each_clock) {
    const auto day = utc(2026, 7, 15, 0), end = utc(2026, 7, 16, 0);
    EXPECT_EQ(instants("0 8 * * *", testing_zones::madrid(), day, end), std::vector{utc(2026, 7, 15, 6)});
    EXPECT_EQ(instants("0 8 * * *", testing_zones::canary(), day, end), std::vector{utc(2026, 7, 15, 7)});
}

TEST(occurrence, goes_on_after_the_clocks_changed) {
    EXPECT_EQ(instants("0 8 * * *", testing_zones::madrid(), utc(2026, 10, 24, 0), utc(2026, 10, 27, 0)),
              (std::vector{utc(2026, 10, 24, 6), utc(2026, 10, 25, 7), utc(2026, 10, 26, 7)}));
    EXPECT_EQ(instants("0 8 * * *", testing_zones::madrid(), utc(2026, 3, 28, 0), utc(2026, 3, 31, 0)),
              (std::vector{utc(2026, 3, 28, 7), utc(2026, 3, 29, 6), utc(2026, 3, 30, 6)}));
}

TEST(occurrence, in_the_missing_hour_is_the_first_valid_instant_once) {
    const auto zone = testing_zones::madrid();
    const auto day = utc(2026, 3, 28, 23), end = utc(2026, 3, 29, 23);
    const auto found = occurrences("*/10 2 * * *", zone, day, end);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].at, utc(2026, 3, 29, 1));
    EXPECT_EQ(found[0].what, kind::after_gap);
    EXPECT_EQ(found[0].nominal, local_days{year{2026} / 3 / 29} + hours{2});
    EXPECT_EQ(instants("30 2,3 * * *", zone, day, end), (std::vector{utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 30)}));
    EXPECT_EQ(instants("0 2,3 * * *", zone, day, end), std::vector{utc(2026, 3, 29, 1)}) << "both on one instant";
    EXPECT_TRUE(instants("30 2 * * *", zone, day, end, {.gap = gap_policy::skip, .fold = {}}).empty());
}

TEST(occurrence, in_the_repeated_hour_is_the_first_one) {
    const auto zone = testing_zones::madrid();
    const auto day = utc(2026, 10, 24, 22), end = utc(2026, 10, 25, 23);
    const auto first = utc(2026, 10, 25, 0, 30), second = utc(2026, 10, 25, 1, 30);
    EXPECT_EQ(instants("30 2 * * *", zone, day, end), std::vector{first});
    EXPECT_EQ(instants("30 2 * * *", zone, day, end, {.gap = {}, .fold = fold_policy::last}), std::vector{second});
    EXPECT_EQ(instants("30 2 * * *", zone, day, end, {.gap = {}, .fold = fold_policy::both}),
              (std::vector{first, second}));
    EXPECT_EQ(occurrences("30 2 * * *", zone, day, end)[0].what, kind::first_of_fold);
    EXPECT_TRUE(instants("30 2 * * *", zone, first, end).empty()) << "asked from within";
    EXPECT_EQ(instants("30 2 * * *", zone, utc(2026, 10, 25, 0, 45), end, {.gap = {}, .fold = fold_policy::last}),
              std::vector{second})
        << "asked between the two";
}

TEST(occurrence, of_an_hourly_expression_follows_the_clock) {
    const auto zone = testing_zones::madrid();
    EXPECT_EQ(instants("30 * * * *", zone, utc(2026, 3, 29, 0), utc(2026, 3, 29, 3)),
              (std::vector{utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1, 30), utc(2026, 3, 29, 2, 30)}));
    const auto folded = occurrences("30 * * * *", zone, utc(2026, 10, 24, 23, 59), utc(2026, 10, 25, 3));
    ASSERT_EQ(folded.size(), 3U);
    EXPECT_EQ(folded[0].what, kind::first_of_fold);
    EXPECT_EQ(folded[1].what, kind::second_of_fold);
    EXPECT_EQ(folded[1].at, utc(2026, 10, 25, 1, 30));
    EXPECT_EQ(folded[2].what, kind::regular);
}

TEST(occurrence, on_a_day_that_never_was_is_due_at_the_next_ones_start) {
    const auto zone = testing_zones::apia();
    const auto jump = utc(2011, 12, 30, 10);
    EXPECT_EQ(instants("0 8 * * *", zone, utc(2011, 12, 29, 0), utc(2012, 1, 1, 0)),
              (std::vector{utc(2011, 12, 29, 18), jump, jump + hours{8}, jump + hours{32}}))
        << "Thursday, instead of Friday, Saturday, Sunday";
}

TEST(occurrence, ends_with_the_century) {
    const auto zone = testing_zones::madrid();
    zone_cursor cursor{zone};
    EXPECT_FALSE(next_occurrence(parse_cron("0 8 * * *").value(), cursor, utc(2100, 12, 31, 12)));
    EXPECT_FALSE(next_occurrence(parse_cron("0 * * * *").value(), cursor, utc(2100, 12, 31, 23)));
}

}  // namespace
}  // namespace orchestrator
