// One line of a calendar: a day with a name, by rule rather than year by year. Pure; made by parse_calendar.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace orchestrator {

using std::chrono::local_days;

// Calendars know these years and no others.
inline constexpr std::chrono::year first_calendar_year{2000};
inline constexpr std::chrono::year last_calendar_year{2100};

struct year_range {
    int first;
    int last;  // inclusive

    bool operator==(const year_range&) const = default;
};

struct fixed_day {
    std::chrono::month_day date;
    bool operator==(const fixed_day&) const = default;
};
struct easter_day {
    int offset;  // days after Easter Sunday: -2 is Good Friday
    bool operator==(const easter_day&) const = default;
};
struct nth_weekday {
    std::chrono::month month;
    std::chrono::weekday weekday;
    int nth;  // 1 to 5; -1: the last
    bool operator==(const nth_weekday&) const = default;
};
// By the arithmetic Islamic calendar. What is announced after the moon was sighted may differ by a day.
struct islamic_day {
    unsigned month;
    unsigned day;
    bool operator==(const islamic_day&) const = default;
};
struct date_interval {
    local_days first;
    local_days last;  // inclusive
    bool operator==(const date_interval&) const = default;
};
using listed_days = std::vector<date_interval>;

struct holiday_rule {
    std::string name;
    std::variant<fixed_day, easter_day, nth_weekday, islamic_day, listed_days> day;
    bool to_next_monday = false;      // on a Sunday: kept on the Monday after it instead
    std::vector<year_range> years{};  // of the day that the rule names; empty: all

    bool operator==(const holiday_rule&) const = default;
};

struct rule_day {
    local_days date;
    bool moved;  // from the Sunday before
};

// In the Gregorian calendar. Source: Anonymous Gregorian algorithm (Nature, 1876; Meeus, Astronomical Algorithms).
[[nodiscard]] local_days easter_sunday(std::chrono::year);

// Every day that the rule names in the years of calendars.
[[nodiscard]] std::vector<rule_day> days_of(const holiday_rule&);

}  // namespace orchestrator
