// iCalendar files as other programs write them, and as nobody should.
#include "adapters/icalendar/reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orchestrator::icalendar {
namespace {

using namespace std::chrono;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string with_events(const std::string& events) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//test//EN\r\nX-WR-CALNAME:Cierres\r\n" + events +
           "END:VCALENDAR\r\n";
}

std::string event(const std::string& lines) {
    return "BEGIN:VEVENT\r\nUID:1@test\r\nSUMMARY:Fiesta\r\n" + lines + "END:VEVENT\r\n";
}

calendar_file read(const std::string& text) {
    auto file = reader{}.read(text);
    if (!file) throw std::runtime_error{file.error().message};
    return std::move(*file);
}

// The dates of one event, or of all of the same name.
listed_days dates_of(const std::string& lines) {
    const auto file = read(with_events(event(lines)));
    EXPECT_THAT(file.left_out, IsEmpty());
    return file.holidays.empty() ? listed_days{} : file.holidays.front().dates;
}

date_interval day(year_month_day date) { return {local_days{date}, local_days{date}}; }
date_interval interval(year_month_day from, year_month_day to) { return {local_days{from}, local_days{to}}; }

TEST(icalendar_reader, reads_whole_days) {
    const auto file = read(with_events(event("DTSTART;VALUE=DATE:20260815\r\nDTEND;VALUE=DATE:20260816\r\n")));
    EXPECT_EQ(file.name, "Cierres");
    ASSERT_EQ(file.holidays.size(), 1U);
    EXPECT_EQ(file.holidays[0].name, "Fiesta");
    EXPECT_THAT(file.holidays[0].dates, ElementsAre(day(2026y / 8 / 15)));
}

TEST(icalendar_reader, an_end_date_is_the_first_day_that_is_free_again) {
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:20260801\r\nDTEND;VALUE=DATE:20260822\r\n"),
                ElementsAre(interval(2026y / 8 / 1, 2026y / 8 / 21)));
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:20260801\r\n"), ElementsAre(day(2026y / 8 / 1)));
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:20260801\r\nDURATION:P1W\r\n"),
                ElementsAre(interval(2026y / 8 / 1, 2026y / 8 / 7)));
}

TEST(icalendar_reader, times_of_the_day_count_as_the_days_they_touch) {
    EXPECT_THAT(dates_of("DTSTART;TZID=Europe/Madrid:20260801T220000\r\nDTEND;TZID=Europe/Madrid:20260802T060000\r\n"),
                ElementsAre(interval(2026y / 8 / 1, 2026y / 8 / 2)));
    EXPECT_THAT(dates_of("DTSTART:20260801T000000Z\r\nDTEND:20260802T000000Z\r\n"), ElementsAre(day(2026y / 8 / 1)));
    EXPECT_THAT(dates_of("DTSTART:20260801T200000\r\nDURATION:PT5H\r\n"),
                ElementsAre(interval(2026y / 8 / 1, 2026y / 8 / 2)));
}

TEST(icalendar_reader, follows_repetition_to_the_end_of_the_calendars) {
    const auto yearly = dates_of("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY\r\n");
    EXPECT_EQ(yearly.size(), 19U) << "each leap year from 2024 to 2096; 2100 is none";
    const auto old = dates_of("DTSTART;VALUE=DATE:19800501\r\nRRULE:FREQ=YEARLY\r\n");
    EXPECT_EQ(old.size(), 101U);
    EXPECT_EQ(old.front(), day(2000y / 5 / 1));
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\r\n"),
                ElementsAre(day(2026y / 11 / 26), day(2027y / 11 / 25), day(2028y / 11 / 23)));
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=WEEKLY;UNTIL=20260126\r\n"
                         "EXDATE;VALUE=DATE:20260112\r\nRDATE;VALUE=DATE:20260301\r\n"),
                ElementsAre(day(2026y / 1 / 5), day(2026y / 1 / 19), day(2026y / 1 / 26), day(2026y / 3 / 1)));
}

TEST(icalendar_reader, an_event_may_replace_one_time_of_another) {
    const auto file = read(with_events(event("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n") +
                                       event("RECURRENCE-ID;VALUE=DATE:20260112\r\nDTSTART;VALUE=DATE:20260113\r\n")));
    EXPECT_THAT(file.holidays.at(0).dates, ElementsAre(day(2026y / 1 / 5), day(2026y / 1 / 13), day(2026y / 1 / 19)));
}

TEST(icalendar_reader, leaves_out_what_was_cancelled_or_lies_elsewhere) {
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:20260801\r\nSTATUS:CANCELLED\r\n"), IsEmpty());
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:19990801\r\n"), IsEmpty());
    EXPECT_THAT(dates_of("DTSTART;VALUE=DATE:19991231\r\nDTEND;VALUE=DATE:20000102\r\n"),
                ElementsAre(day(2000y / 1 / 1)));
}

TEST(icalendar_reader, joins_events_of_one_name) {
    const auto file =
        read(with_events(event("DTSTART;VALUE=DATE:20260802\r\n") + event("DTSTART;VALUE=DATE:20260801\r\n")));
    ASSERT_EQ(file.holidays.size(), 1U);
    EXPECT_THAT(file.holidays[0].dates, ElementsAre(interval(2026y / 8 / 1, 2026y / 8 / 2)));
}

TEST(icalendar_reader, says_what_it_left_out) {
    const auto file = read(with_events(event("DTSTART;VALUE=DATE:20260801\r\nRRULE:FREQ=HOURLY\r\n") +
                                       event("DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=DAILY\r\n") +
                                       event("DTSTART;VALUE=DATE:20260801\r\nDTEND;VALUE=DATE:20290801\r\n") +
                                       event("") + "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260801\r\nEND:VEVENT\r\n"));
    EXPECT_THAT(file.left_out,
                ElementsAre(HasSubstr("less than a day"), HasSubstr("before 1900"), HasSubstr("longer than a year"),
                            HasSubstr("DTSTART"), HasSubstr("SUMMARY")));
}

TEST(icalendar_reader, its_work_is_bounded) {
    std::string events;
    for (int i = 0; i < 50; ++i) events += event("DTSTART;VALUE=DATE:19010101\r\nRRULE:FREQ=DAILY\r\n");
    const auto file = read(with_events(events));
    EXPECT_LE(file.left_out.size(), 20U);
    EXPECT_THAT(file.left_out, testing::Contains(HasSubstr("repetitions")));
}

TEST(icalendar_reader, does_not_look_for_what_never_comes_for_long) {
    std::string events;
    for (int i = 0; i < 2'000; ++i)
        events += event("DTSTART;VALUE=DATE:20000101\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n");
    const auto file = read(with_events(events));  // would take a quarter of an hour
    EXPECT_THAT(file.left_out, testing::Contains(HasSubstr("took too long")));
    EXPECT_THAT(file.holidays.at(0).dates, ElementsAre(day(2000y / 1 / 1)));
}

TEST(icalendar_reader, refuses_what_is_no_calendar) {
    for (const std::string text :
         {"", "hello", "{\"a\": 1}", "BEGIN:VEVENT\r\nEND:VEVENT\r\n", "BEGIN:VCALENDAR\r\n"}) {
        const auto file = reader{}.read(text);
        if (file) {
            EXPECT_THAT(file->holidays, IsEmpty()) << text;
            continue;
        }
        EXPECT_EQ(file.error().code, errc::invalid_argument);
        EXPECT_THAT(file.error().message, HasSubstr("no iCalendar file")) << text;
    }
    EXPECT_FALSE(reader{}.read(std::string("BEGIN:VCALENDAR\0", 16)));
    const auto unfinished = reader{}.read("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n");
    EXPECT_THAT(unfinished.error().message, HasSubstr("before the END"));
    const auto turned = reader{}.read("begin:vcalendar\nend:vcalendar\nEND:VEVENT\n");
    EXPECT_THAT(turned.error().message, HasSubstr("line 3: END without BEGIN"));
}

}  // namespace
}  // namespace orchestrator::icalendar
