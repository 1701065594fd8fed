#include "domain/calendar/calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "domain/calendar/holiday_set.h"

namespace orchestrator {
namespace {

using namespace std::chrono;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

local_days date(int y, unsigned m, unsigned d) { return local_days{year{y} / month{m} / day{d}}; }

calendar parsed(std::string_view text) {
    auto read = parse_calendar(boost::json::parse(text));
    if (!read) throw std::runtime_error{read.error().front().pointer + ": " + read.error().front().message};
    return *read;
}

std::vector<violation> violations_of(std::string_view text) {
    const auto read = parse_calendar(boost::json::parse(text));
    return read ? std::vector<violation>{} : read.error();
}

auto wrong(std::string pointer, std::string message) {
    return AllOf(Field(&violation::pointer, pointer), Field(&violation::message, HasSubstr(message)));
}

calendar shipped(const std::string& code) {
    std::ifstream file{std::filesystem::path{CALENDARS_FOLDER} / (code + ".json")};
    return parsed(std::string{std::istreambuf_iterator<char>{file}, {}});
}

holiday_set spain(const std::string& region) {
    const std::vector layers{shipped("ES"), shipped(region)};
    return holiday_set{layers};
}

TEST(parse_calendar, reads_every_kind_of_rule) {
    const auto read = parsed(R"({"calendar": "X", "parent": "ES", "holidays": [
        {"name": "a", "date": "01-06", "if_sunday": "next_monday", "years": "2008, 2010-2012, 2020-"},
        {"name": "b", "easter": -2},
        {"name": "c", "month": 11, "weekday": "thu", "nth": 4},
        {"name": "d", "islamic": "10-01"},
        {"name": "e", "dates": ["2026-12-24", "2026-08-01/2026-08-21"]}],
        "working_days": [{"name": "f", "date": "12-08"}]})");
    EXPECT_EQ(read.name, "X");
    EXPECT_EQ(read.parent, "ES");
    ASSERT_EQ(read.holidays.size(), 5U);
    EXPECT_EQ(read.holidays[0],
              (holiday_rule{"a", fixed_day{January / 6}, true, {{2008, 2008}, {2010, 2012}, {2020, 2100}}}));
    EXPECT_EQ(read.holidays[1].day, (decltype(holiday_rule::day){easter_day{-2}}));
    EXPECT_EQ(read.holidays[2].day, (decltype(holiday_rule::day){nth_weekday{November, Thursday, 4}}));
    EXPECT_EQ(read.holidays[3].day, (decltype(holiday_rule::day){islamic_day{10, 1}}));
    EXPECT_EQ(std::get<listed_days>(read.holidays[4].day).size(), 2U);
    EXPECT_EQ(read.working_days.size(), 1U);
}

TEST(parse_calendar, names_every_mistake_and_its_place) {
    const auto found = violations_of(R"({"calendar": "no spaces", "parent": "E S", "holidays": [
        {"date": "13-01"}, {"name": "x"}, {"name": "x", "date": "01-01", "easter": 1},
        {"name": "x", "dates": ["2026-02-30", "2026-01-02/2026-01-01", "1999-01-01"]},
        {"name": "x", "month": 11, "weekday": "thursday"}, {"name": "x", "easter": 900},
        {"name": "x", "date": "01-01", "years": "1998"}, {"name": "x", "date": "01-01", "if_sunday": "monday"},
        {"name": "x", "islamic": "13-01"}, {"name": "x", "date": "01-01", "year": "2008"}]})");
    EXPECT_THAT(found, Contains(wrong("/calendar", "\"no spaces\" must be up to 64 letters")));
    EXPECT_THAT(found, Contains(wrong("/parent", "must be up to 64 letters")));
    EXPECT_THAT(found, Contains(wrong("/holidays/0/name", "is required")));
    EXPECT_THAT(found, Contains(wrong("/holidays/0/date", "\"13-01\" is not a month and a day")));
    EXPECT_THAT(found, Contains(wrong("/holidays/1", "names no day")));
    EXPECT_THAT(found, Contains(wrong("/holidays/2", "names its day twice")));
    for (const auto* place : {"/holidays/3/dates/0", "/holidays/3/dates/1", "/holidays/3/dates/2"})
        EXPECT_THAT(found, Contains(wrong(place, "must be a date such as")));
    EXPECT_THAT(found, Contains(wrong("/holidays/4/weekday", "\"thursday\" is not one of")));
    EXPECT_THAT(found, Contains(wrong("/holidays/4/nth", "is required")));
    EXPECT_THAT(found, Contains(wrong("/holidays/5/easter", "outside")));
    EXPECT_THAT(found, Contains(wrong("/holidays/6/years", "\"1998\" is not a year")));
    EXPECT_THAT(found, Contains(wrong("/holidays/7/if_sunday", "is not next_monday")));
    EXPECT_THAT(found, Contains(wrong("/holidays/8/islamic", "Islamic year")));
    EXPECT_THAT(found, Contains(wrong("/holidays/9/year", "unknown field")));
}

TEST(parse_calendar, refuses_a_calendar_on_top_of_itself) {
    EXPECT_THAT(violations_of(R"({"calendar": "X", "parent": "X"})"), ElementsAre(wrong("/parent", "itself")));
}

TEST(holiday_set, without_layers_has_no_holidays_and_only_weekends) {
    const holiday_set none;
    EXPECT_FALSE(none.contains(date(2026, 1, 1)));
    EXPECT_EQ(none.next_from(date(2026, 1, 1)), std::nullopt);
    EXPECT_TRUE(none.is_business_day(date(2026, 1, 1)));
    EXPECT_FALSE(none.is_business_day(date(2026, 1, 3)));
}

TEST(holiday_set, takes_the_layers_together_and_knows_whose_each_day_is) {
    const auto madrid = spain("ES-MD");
    EXPECT_EQ(madrid.code(), "ES-MD");
    EXPECT_THAT(madrid.on(date(2026, 5, 1)), ElementsAre(holiday{date(2026, 5, 1), "Fiesta del Trabajo", "ES"}));
    EXPECT_THAT(madrid.on(date(2026, 5, 2)),
                ElementsAre(holiday{date(2026, 5, 2), "Fiesta de la Comunidad de Madrid", "ES-MD"}));
    EXPECT_THAT(madrid.on(date(2026, 11, 2)),
                ElementsAre(holiday{date(2026, 11, 2), "Todos los Santos", "ES-MD", true}));
    EXPECT_THAT(madrid.on(date(2026, 5, 4)), IsEmpty());
}

TEST(holiday_set, a_working_day_takes_away_what_was_inherited) {
    const std::vector layers{shipped("ES"), parsed(R"({"calendar": "tenant:1", "parent": "ES",
        "holidays": [{"name": "Vacaciones", "dates": ["2026-08-10/2026-08-20"]}],
        "working_days": [{"name": "Abierto", "date": "12-08"}]})")};
    const holiday_set own{layers};
    EXPECT_FALSE(own.contains(date(2026, 12, 8)));
    EXPECT_TRUE(own.contains(date(2026, 12, 6)));
    EXPECT_TRUE(own.contains(date(2026, 8, 10)));
    EXPECT_TRUE(own.contains(date(2026, 8, 20)));
    EXPECT_FALSE(own.contains(date(2026, 8, 21)));
    EXPECT_EQ(own.on(date(2026, 8, 15)).size(), 2U);  // the state's and its own
    EXPECT_EQ(own.on(date(2026, 8, 15)).front().calendar, "tenant:1");
}

TEST(holiday_set, finds_the_next_holiday_across_years) {
    const auto madrid = spain("ES-MD");
    EXPECT_EQ(madrid.next_from(date(2026, 12, 26)), date(2027, 1, 1));
    EXPECT_EQ(madrid.next_from(date(2026, 12, 25)), date(2026, 12, 25));
    EXPECT_EQ(madrid.next_from(date(1990, 1, 1)), date(2000, 1, 1));
    EXPECT_EQ(madrid.next_from(date(2100, 12, 26)), std::nullopt);
}

TEST(holiday_set, next_from_agrees_with_contains_on_every_day) {
    const auto galicia = spain("ES-GA");
    auto expected = galicia.next_from(date(2000, 1, 1));
    for (auto day = date(2000, 1, 1); day <= date(2100, 12, 31); day += days{1}) {
        if (expected && *expected < day) expected = galicia.next_from(day);
        EXPECT_EQ(galicia.contains(day), expected == day);
        EXPECT_EQ(galicia.contains(day), !galicia.on(day).empty());
    }
}

TEST(holiday_set, business_days_skip_weekends_and_holidays) {
    const auto madrid = spain("ES-MD");
    // Thursday and Friday before Easter 2026 are holidays: 2 and 3 April.
    EXPECT_EQ(madrid.business_day_after(date(2026, 4, 2)), date(2026, 4, 6));
    EXPECT_EQ(madrid.business_day_before(date(2026, 4, 3)), date(2026, 4, 1));
    const std::vector closed{parsed(
        R"({"calendar": "X", "holidays": [{"name": "closed", "dates": ["2026-01-01/2026-12-31", "2027-01-01/2027-12-31"]}]})")};
    EXPECT_EQ(holiday_set{closed}.business_day_after(date(2026, 1, 1)), std::nullopt);
}

TEST(shipped_calendars, are_those_of_spain_and_all_of_its_regions) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{CALENDARS_FOLDER}) {
        const auto code = entry.path().stem().string();
        EXPECT_EQ(shipped(code).code, code);
        EXPECT_EQ(shipped(code).parent, code == "ES" ? "" : "ES");
        ++count;
    }
    EXPECT_EQ(count, 20);  // the state, 17 communities, 2 cities
}

// As the Boletín Oficial del Estado has it for 2026 (BOE-A-2025-21667).
TEST(shipped_calendars, madrid_2026) {
    std::vector<std::string> days;
    for (const auto& each : spain("ES-MD").between(date(2026, 1, 1), date(2026, 12, 31))) {
        const year_month_day at{each.date};
        days.push_back(fmt::format("{}-{}", unsigned(at.month()), unsigned(at.day())));
    }
    // 1 November and 6 December are Sundays: the state's days, kept on the Mondays after them.
    EXPECT_THAT(days, ElementsAre("1-1", "1-6", "4-2", "4-3", "5-1", "5-2", "8-15", "10-12", "11-1", "11-2", "12-6",
                                  "12-7", "12-8", "12-25"));
}

}  // namespace
}  // namespace orchestrator
