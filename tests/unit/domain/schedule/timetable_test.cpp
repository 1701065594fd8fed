#include "domain/schedule/timetable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>

#include "domain/cron/parse_cron.h"
#include "domain/time.h"
#include "tests/unit/domain/schedule/calendars.h"
#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator {
namespace {

using namespace std::chrono;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::shared_ptr<const time_zone> madrid() { return std::make_shared<const time_zone>(testing_zones::madrid()); }
local_days date(int y, unsigned m, unsigned d) { return local_days{year{y} / month{m} / day{d}}; }

timetable table_of(schedule from, std::shared_ptr<const holiday_set> holidays = testing_calendars::spain("ES-MD")) {
    if (from.timezone.empty()) from.timezone = "Europe/Madrid";
    return timetable::make(from, madrid(), std::move(holidays)).value();
}

// "2026-01-06 08:00 why": of the clock on the wall.
std::vector<std::string> lines(const timetable& table, local_days first, local_days last) {
    std::vector<std::string> found;
    auto cursor = table.cursor();
    auto each = table.next(sys_seconds{first.time_since_epoch()} - hours{12}, cursor);
    for (; each && floor<days>(each->nominal) <= last; each = table.next(each->at, cursor)) {
        if (floor<days>(each->nominal) < first) continue;
        const auto local = cursor.to_local(each->at);
        const auto why = table.explain(*each);
        const auto time = floor<minutes>(local - floor<days>(local)).count();
        found.push_back(fmt::format("{} {:02}:{:02}{}{}", format_date(floor<days>(local)), time / 60, time % 60,
                                    why.empty() ? "" : " ", why));
    }
    return found;
}

TEST(timetable, without_policies_is_its_cron_expression) {
    EXPECT_THAT(lines(table_of({.cron_expression = "0 8 * * *"}), date(2026, 1, 5), date(2026, 1, 7)),
                ElementsAre("2026-01-05 08:00", "2026-01-06 08:00", "2026-01-07 08:00"));
}

TEST(timetable, skips_holidays_and_says_which) {
    const auto table = table_of({.cron_expression = "0 8 * * *", .holidays = holiday_policy::skip});
    EXPECT_THAT(lines(table, date(2026, 1, 5), date(2026, 1, 7)), ElementsAre("2026-01-05 08:00", "2026-01-07 08:00"));
    const auto why = table.suppressed_on(date(2026, 1, 6));
    ASSERT_THAT(why, SizeIs(1));
    EXPECT_EQ(table.explain(why.front()), "holiday, skipped: Epifanía del Señor, ES");
    EXPECT_THAT(table.suppressed_on(date(2026, 1, 7)), IsEmpty());
}

TEST(timetable, has_other_times_on_weekends) {
    const auto table = table_of({.cron_expression = "0 8 * * *", .weekend_cron = "30 9 * * *"});
    EXPECT_THAT(lines(table, date(2026, 1, 9), date(2026, 1, 12)),
                ElementsAre("2026-01-09 08:00", "2026-01-10 09:30 weekend schedule",
                            "2026-01-11 09:30 weekend schedule", "2026-01-12 08:00"));
    EXPECT_EQ(table.explain(table.suppressed_on(date(2026, 1, 10)).front()), "the weekend schedule holds instead");
}

TEST(timetable, has_other_times_on_holidays_weekends_or_not) {
    const auto table = table_of({.cron_expression = "0 8 * * *",
                                 .holidays = holiday_policy::alternative_cron,
                                 .holiday_cron = "0 10,12 * * *",
                                 .weekend_cron = "30 9 * * *"});
    // Friday 1 May and Saturday 2 May are holidays in Madrid.
    EXPECT_THAT(lines(table, date(2026, 4, 30), date(2026, 5, 4)),
                ElementsAre("2026-04-30 08:00", "2026-05-01 10:00 holiday schedule: Fiesta del Trabajo, ES",
                            "2026-05-01 12:00 holiday schedule: Fiesta del Trabajo, ES",
                            "2026-05-02 10:00 holiday schedule: Fiesta de la Comunidad de Madrid, ES-MD",
                            "2026-05-02 12:00 holiday schedule: Fiesta de la Comunidad de Madrid, ES-MD",
                            "2026-05-03 09:30 weekend schedule", "2026-05-04 08:00"));
}

TEST(timetable, moves_to_the_business_day_before) {
    const auto table = table_of({.cron_expression = "0 9 1 * *", .holidays = holiday_policy::previous_business_day});
    // 1 January 2026 is a Thursday, 1 May a Friday, 1 November a Sunday.
    EXPECT_THAT(lines(table, date(2025, 12, 2), date(2026, 2, 1)),
                ElementsAre("2025-12-31 09:00 moved from 2026-01-01: Año Nuevo, ES", "2026-02-01 09:00"));
    EXPECT_THAT(lines(table, date(2026, 10, 2), date(2026, 12, 1)),
                ElementsAre("2026-10-30 09:00 moved from 2026-11-01: Todos los Santos, ES", "2026-12-01 09:00"));
}

TEST(timetable, moves_to_the_business_day_after_and_meets_what_is_there_already) {
    const auto table = table_of({.cron_expression = "0 9 1 * *", .holidays = holiday_policy::next_business_day});
    // Monday 2 November is a holiday in Madrid, too.
    EXPECT_THAT(lines(table, date(2026, 10, 2), date(2026, 12, 1)),
                ElementsAre("2026-11-03 09:00 moved from 2026-11-01: Todos los Santos, ES", "2026-12-01 09:00"));
    const auto daily = table_of({.cron_expression = "0 9 * * *", .holidays = holiday_policy::next_business_day});
    EXPECT_THAT(lines(daily, date(2026, 1, 5), date(2026, 1, 8)),
                ElementsAre("2026-01-05 09:00", "2026-01-07 09:00", "2026-01-08 09:00"));
    const auto moved = table.suppressed_on(date(2026, 11, 1));
    ASSERT_THAT(moved, SizeIs(1));
    EXPECT_EQ(table.explain(moved.front()), "moved to 2026-11-03: Todos los Santos, ES");
}

TEST(timetable, keeps_to_its_dates) {
    const auto table =
        table_of({.cron_expression = "0 8 * * *", .start_date = date(2026, 3, 2), .end_date = date(2026, 3, 3)});
    EXPECT_THAT(lines(table, date(2026, 1, 1), date(2026, 12, 31)),
                ElementsAre("2026-03-02 08:00", "2026-03-03 08:00"));
    EXPECT_EQ(table.explain(table.suppressed_on(date(2026, 3, 1)).front()), "before start_date 2026-03-02");
    EXPECT_EQ(table.explain(table.suppressed_on(date(2026, 3, 4)).front()), "after end_date 2026-03-03");
}

TEST(timetable, tells_of_clock_changes) {
    const auto table = table_of({.cron_expression = "30 2 * * *"});
    EXPECT_THAT(lines(table, date(2026, 3, 29), date(2026, 3, 29)),
                ElementsAre("2026-03-29 03:00 gap: 02:30 does not exist, first valid instant"));
    EXPECT_THAT(lines(table, date(2026, 10, 25), date(2026, 10, 25)),
                ElementsAre("2026-10-25 02:30 clocks go back: the first of two"));
    const auto skipping = table_of({.cron_expression = "30 2 * * *", .clock = {.gap = gap_policy::skip}});
    EXPECT_THAT(skipping.firings_on(date(2026, 3, 29)), IsEmpty());
    EXPECT_EQ(skipping.explain(skipping.suppressed_on(date(2026, 3, 29)).front()),
              "does not exist on this day: clocks go forward, gap_policy is skip");
}

TEST(timetable, knows_its_own_instants) {
    const auto table = table_of({.cron_expression = "0 8 * * *", .holidays = holiday_policy::skip});
    const sys_seconds eight = sys_days{2026y / January / 5} + hours{7};
    EXPECT_TRUE(table.fires_at(eight));
    EXPECT_FALSE(table.fires_at(eight + seconds{1}));
    EXPECT_FALSE(table.fires_at(eight + days{1}));
}

TEST(timetable, of_a_day_that_is_always_a_holiday_ends) {
    const auto table = table_of({.cron_expression = "0 8 25 12 *", .holidays = holiday_policy::skip});
    auto cursor = table.cursor();
    EXPECT_EQ(table.next(sys_days{2026y / January / 1}, cursor), std::nullopt);
    const auto weekdays = table_of({.cron_expression = "0 8 * * *", .weekend_cron = "0 9 * * 1-5"});
    EXPECT_THAT(lines(weekdays, date(2026, 1, 9), date(2026, 1, 12)),
                ElementsAre("2026-01-09 08:00", "2026-01-12 08:00"));
}

TEST(timetable, cannot_be_made_of_what_is_not_there) {
    EXPECT_FALSE(timetable::make({.timezone = "UTC"}, madrid(), nullptr));
    EXPECT_FALSE(timetable::make({.cron_expression = "x"}, madrid(), nullptr));
    EXPECT_FALSE(timetable::make({.cron_expression = "@daily", .holidays = holiday_policy::skip}, madrid(), nullptr));
}

// The same by another way: day after day, every minute of it.
std::set<sys_seconds> by_the_day(const schedule& from, const time_zone& zone, const holiday_set& holidays,
                                 local_days first, local_days last) {
    const auto base = parse_cron(from.cron_expression).value();
    const auto matching = [](const cron_expression& expression, local_days day) {
        std::vector<local_seconds> times;
        for (auto at = expression.next_after(local_seconds{day} - seconds{1}); at && floor<days>(*at) == day;
             at = expression.next_after(*at))
            times.push_back(*at);
        return times;
    };
    std::set<sys_seconds> instants;
    const auto add = [&](local_seconds wall) {
        const auto meaning = zone.meaning_of(wall);
        if (meaning.what == local_meaning::kind::gap && from.clock.gap == gap_policy::skip) return;
        instants.insert(from.clock.fold == fold_policy::last ? meaning.second : meaning.first);
        if (from.clock.fold == fold_policy::both) instants.insert(meaning.second);
    };
    for (auto day = first; day <= last; day += days{1}) {
        const bool weekend = weekday{day} == Saturday || weekday{day} == Sunday;
        const auto ordinary = weekend && !from.weekend_cron.empty() ? parse_cron(from.weekend_cron).value() : base;
        const bool holiday = from.holidays != holiday_policy::run && holidays.contains(day);
        if (!holiday)
            for (const auto at : matching(ordinary, day)) add(at);
        else if (from.holidays == holiday_policy::alternative_cron)
            for (const auto at : matching(parse_cron(from.holiday_cron).value(), day)) add(at);
        else if (from.holidays != holiday_policy::skip) {
            const auto to = from.holidays == holiday_policy::next_business_day ? *holidays.business_day_after(day)
                                                                               : *holidays.business_day_before(day);
            for (const auto at : matching(ordinary, day)) {
                const auto meaning = zone.meaning_of(local_seconds{to} + (at - local_seconds{day}));
                if (meaning.what != local_meaning::kind::gap || from.clock.gap == gap_policy::first_valid)
                    instants.insert(from.clock.fold == fold_policy::last ? meaning.second : meaning.first);
            }
        }
    }
    return instants;
}

TEST(timetable, agrees_with_a_walk_through_the_days) {
    std::mt19937_64 random{20261124};
    const auto one_of = [&](auto... choices) {
        const std::array all{choices...};
        return all[random() % all.size()];
    };
    const std::vector regions{testing_calendars::spain("ES-MD"), testing_calendars::spain("ES-CN"),
                              testing_calendars::spain("ES-AN")};
    const std::vector zones{testing_zones::madrid(), testing_zones::canary()};
    for (int i = 0; i < 40; ++i) {
        const auto any_cron = [&] {
            return std::string{one_of("0 8 * * *", "30 2 * * *", "15 1,2,3 * * *", "0 9 1 * *", "0 9 * * 1",
                                      "0 0 * * *", "59 23 * * *", "0 7 1,6,25 * *", "*/20 6-8 * * *", "30 2 29 2 *",
                                      "0 10 L * *")};
        };
        schedule from{.cron_expression = any_cron(), .timezone = "x"};
        from.clock = {one_of(gap_policy::first_valid, gap_policy::skip),
                      one_of(fold_policy::first, fold_policy::last, fold_policy::both)};
        from.holidays = one_of(holiday_policy::run, holiday_policy::skip, holiday_policy::previous_business_day,
                               holiday_policy::next_business_day, holiday_policy::alternative_cron);
        if (from.holidays == holiday_policy::alternative_cron) from.holiday_cron = any_cron();
        if (random() % 2 == 0) from.weekend_cron = any_cron();
        const auto& region = regions[random() % regions.size()];
        const auto& zone = zones[random() % zones.size()];
        const auto table = timetable::make(from, std::make_shared<const time_zone>(zone), region).value();

        const auto first = date(2000 + int(random() % 98), 1, 1);
        const auto expected = by_the_day(from, zone, *region, first - days{30}, first + days{760});
        auto cursor = table.cursor();
        const sys_seconds begin{first.time_since_epoch()}, end = begin + days{730};
        std::set<sys_seconds> found;
        for (auto each = table.next(begin, cursor); each && each->at <= end; each = table.next(each->at, cursor))
            ASSERT_TRUE(found.insert(each->at).second);
        const std::set<sys_seconds> wanted{expected.upper_bound(begin), expected.upper_bound(end)};
        std::vector<sys_seconds> differing;
        std::ranges::set_symmetric_difference(found, wanted, std::back_inserter(differing));
        ASSERT_TRUE(differing.empty()) << json::serialize(to_json(from)) << " in " << zone.name() << " with "
                                       << region->code() << " at " << format_time(differing.front());
        // A question in the middle has the answer that the walk gives.
        for (int k = 0; k < 20; ++k) {
            const auto after = begin + seconds{std::int64_t(random() % (730 * 86'400))};
            const auto next = table.next(after, cursor);
            const auto in_walk = expected.upper_bound(after);
            if (in_walk != expected.end() && *in_walk <= end) ASSERT_EQ(next.value().at, *in_walk);
        }
    }
}

}  // namespace
}  // namespace orchestrator
