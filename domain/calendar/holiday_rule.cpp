#include "domain/calendar/holiday_rule.h"

#include <algorithm>

namespace orchestrator {
namespace {

using namespace std::chrono;

bool known(local_days date) {
    const auto year = year_month_day{date}.year();
    return year >= first_calendar_year && year <= last_calendar_year;
}

void add_each_year(std::vector<local_days>& days, auto day_in) {
    for (auto year = first_calendar_year; year <= last_calendar_year; ++year) {
        const year_month_day date = day_in(year);
        if (date.ok()) days.push_back(local_days{date});
    }
}

void add(std::vector<local_days>& days, const fixed_day& rule) {
    add_each_year(days, [&](year y) { return y / rule.date.month() / rule.date.day(); });
}

void add(std::vector<local_days>& days, const easter_day& rule) {
    add_each_year(days, [&](year y) { return year_month_day{easter_sunday(y) + std::chrono::days{rule.offset}}; });
}

void add(std::vector<local_days>& days, const nth_weekday& rule) {
    add_each_year(days, [&](year y) -> year_month_day {
        if (rule.nth < 0) return year_month_day{local_days{y / rule.month / rule.weekday[last]}};
        const auto date = y / rule.month / rule.weekday[unsigned(rule.nth)];
        return date.ok() ? year_month_day{local_days{date}} : year_month_day{};
    });
}

// The civil calendar with leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29 of each 30; day 1 of year 1 is 16 July 622
// (Julian). Reingold and Dershowitz, Calendrical Calculations.
void add(std::vector<local_days>& days, const islamic_day& rule) {
    constexpr int days_before_epoch = 492'148;  // 1 January 1970 is Julian day 2'440'588, the epoch 1'948'440
    for (int year = 1'419; year <= 1'526; ++year) {
        const int day = (11 * year + 3) / 30 + 354 * year + 30 * int(rule.month) - int(rule.month - 1) / 2 +
                        int(rule.day) - 385 - days_before_epoch;
        const local_days date{std::chrono::days{day}};
        if (known(date)) days.push_back(date);
    }
}

void add(std::vector<local_days>& days, const listed_days& intervals) {
    for (const auto& interval : intervals)
        for (auto date = interval.first; date <= interval.last; date += std::chrono::days{1}) days.push_back(date);
}

}  // namespace

local_days easter_sunday(year of) {
    const int y = int(of);
    const int a = y % 19, b = y / 100, c = y % 100, d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
    const int h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
    const int l = (32 + 2 * e + 2 * i - h - k) % 7;
    const int m = (a + 11 * h + 22 * l) / 451;
    const int n = h + l - 7 * m + 114;
    return local_days{of / month{unsigned(n / 31)} / day{unsigned(n % 31 + 1)}};
}

std::vector<rule_day> days_of(const holiday_rule& rule) {
    std::vector<local_days> nominal;
    std::visit([&](const auto& day) { add(nominal, day); }, rule.day);
    std::vector<rule_day> kept;
    for (const auto date : nominal) {
        const int y = int(year_month_day{date}.year());
        if (!rule.years.empty() &&
            std::ranges::none_of(rule.years, [&](const auto& range) { return range.first <= y && y <= range.last; }))
            continue;
        const bool moved = rule.to_next_monday && weekday{date} == Sunday;
        const auto day = date + std::chrono::days{moved ? 1 : 0};
        if (known(day)) kept.push_back({day, moved});
    }
    return kept;
}

}  // namespace orchestrator
