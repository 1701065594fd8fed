// Which past occurrences a backfill takes in.
#include "domain/schedule/backfill.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator {
namespace {

using namespace std::chrono;

timetable table(const std::string& expression, time_zone zone) {
    return timetable::make({.cron_expression = expression, .timezone = zone.name()},
                           std::make_shared<const time_zone>(std::move(zone)), nullptr)
        .value();
}

constexpr sys_seconds far{sys_days{2026y / 12 / 31}};

TEST(backfill, takes_whole_days_on_the_clock_of_the_schedule) {
    const auto madrid = table("30 0,23 * * *", testing_zones::madrid());
    const timetable* all[] = {&madrid};
    const auto found = occurrences_in(all, {local_days{2026y / 7 / 1}, local_days{2026y / 7 / 2}}, far);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found.front(), sys_days{2026y / 6 / 30} + 22h + 30min) << "00:30 in Madrid";
    EXPECT_EQ(found.back(), sys_days{2026y / 7 / 2} + 21h + 30min);
}

TEST(backfill, ends_with_now) {
    const auto madrid = table("0 8 * * *", testing_zones::madrid());
    const timetable* all[] = {&madrid};
    const auto now = sys_days{2026y / 7 / 2} + 6h;
    EXPECT_EQ(occurrences_in(all, {local_days{2026y / 7 / 1}, local_days{2026y / 7 / 9}}, now).size(), 2U);
    EXPECT_EQ(occurrences_in(all, {local_days{2026y / 7 / 1}, local_days{2026y / 7 / 9}}, now - 1s).size(), 1U);
}

TEST(backfill, an_instant_of_several_groups_is_one_occurrence) {
    const auto madrid = table("0 * * * *", testing_zones::madrid());
    const auto canary = table("0 * * * *", testing_zones::canary());
    const timetable* all[] = {&madrid, &canary};
    EXPECT_EQ(occurrences_in(all, {local_days{2026y / 7 / 1}, local_days{2026y / 7 / 1}}, far).size(), 25U)
        << "24 each, of which 23 are the same";
}

TEST(backfill, shows_that_there_are_too_many) {
    const auto madrid = table("* * * * *", testing_zones::madrid());
    const timetable* all[] = {&madrid};
    EXPECT_EQ(occurrences_in(all, {local_days{2026y / 1 / 1}, local_days{2026y / 7 / 1}}, far).size(),
              most_backfill_occurrences + 1);
}

}  // namespace
}  // namespace orchestrator
