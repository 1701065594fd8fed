#include "domain/time_zone/time_zone.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator {
namespace {

using namespace std::chrono;
using kind = local_meaning::kind;

sys_seconds utc(int y, unsigned m, unsigned d, int h, int min = 0, int s = 0) {
    return sys_days{year{y} / month(m) / day(d)} + hours{h} + minutes{min} + seconds{s};
}
local_seconds wall(int y, unsigned m, unsigned d, int h, int min = 0, int s = 0) {
    return local_seconds{utc(y, m, d, h, min, s).time_since_epoch()};
}

TEST(time_zone, means_one_instant_on_most_times) {
    const auto zone = testing_zones::madrid();
    EXPECT_EQ(zone.meaning_of(wall(2026, 1, 15, 8)),
              (local_meaning{kind::unique, utc(2026, 1, 15, 7), utc(2026, 1, 15, 7)}));
    EXPECT_EQ(zone.meaning_of(wall(2026, 7, 15, 8)),
              (local_meaning{kind::unique, utc(2026, 7, 15, 6), utc(2026, 7, 15, 6)}));
    EXPECT_EQ(zone.meaning_of(wall(1950, 7, 15, 8)).first, utc(1950, 7, 15, 7)) << "before all transitions";
    EXPECT_EQ(zone.meaning_of(wall(2150, 7, 15, 8)).what, kind::unique) << "behind all transitions";
}

TEST(time_zone, knows_both_edges_of_a_gap) {
    const auto zone = testing_zones::madrid();
    const auto jump = utc(2026, 3, 29, 1);
    EXPECT_EQ(zone.meaning_of(wall(2026, 3, 29, 1, 59, 59)).what, kind::unique);
    EXPECT_EQ(zone.meaning_of(wall(2026, 3, 29, 2)), (local_meaning{kind::gap, jump, jump}));
    EXPECT_EQ(zone.meaning_of(wall(2026, 3, 29, 2, 59, 59)), (local_meaning{kind::gap, jump, jump}));
    EXPECT_EQ(zone.meaning_of(wall(2026, 3, 29, 3)), (local_meaning{kind::unique, jump, jump}));
}

TEST(time_zone, knows_both_edges_of_a_fold) {
    const auto zone = testing_zones::madrid();
    EXPECT_EQ(zone.meaning_of(wall(2026, 10, 25, 1, 59, 59)).what, kind::unique);
    EXPECT_EQ(zone.meaning_of(wall(2026, 10, 25, 2)),
              (local_meaning{kind::fold, utc(2026, 10, 25, 0), utc(2026, 10, 25, 1)}));
    EXPECT_EQ(zone.meaning_of(wall(2026, 10, 25, 2, 59, 59)).what, kind::fold);
    EXPECT_EQ(zone.meaning_of(wall(2026, 10, 25, 3)).what, kind::unique);
}

TEST(time_zone, may_skip_a_day) {
    const auto zone = testing_zones::apia();
    const auto jump = utc(2011, 12, 30, 10);
    EXPECT_EQ(zone.meaning_of(wall(2011, 12, 29, 23, 59, 59)).first, jump - seconds{1});
    EXPECT_EQ(zone.meaning_of(wall(2011, 12, 30, 12)), (local_meaning{kind::gap, jump, jump}));
    EXPECT_EQ(zone.meaning_of(wall(2011, 12, 31, 0)).first, jump);
}

TEST(time_zone, finds_the_same_span_from_any_guess) {
    const auto zone = testing_zones::madrid();
    for (const auto at :
         {utc(1950, 1, 1, 0), utc(2026, 3, 29, 0, 59, 59), utc(2026, 3, 29, 1), utc(2099, 1, 1, 0), utc(2200, 1, 1, 0)})
        for (std::size_t guess = 0; guess < zone.spans().size() + 2; ++guess)
            EXPECT_EQ(zone.span_at(at, guess), zone.span_at(at));
}

TEST(zone_cursor, gives_the_clock_on_the_wall) {
    const auto zone = testing_zones::canary();
    zone_cursor cursor{zone};
    EXPECT_EQ(cursor.to_local(utc(2026, 7, 15, 7)), wall(2026, 7, 15, 8));
    EXPECT_EQ(cursor.to_local(utc(2026, 1, 15, 8)), wall(2026, 1, 15, 8)) << "backwards, too";
}

}  // namespace
}  // namespace orchestrator
