#include "domain/cron/cron_expression.h"

#include <bit>

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr year last_year{2100};

// Repeats the seven bits of a week over a month whose day 1 is this weekday.
std::uint32_t over_month(std::uint8_t week, unsigned first_weekday) {
    const std::uint64_t rotated = (week >> first_weekday | week << (7 - first_weekday)) & 0x7f;
    return static_cast<std::uint32_t>(rotated * 0x1020'4081ULL);
}

constexpr std::uint32_t first_bits(unsigned count) { return count >= 32 ? ~0U : (1U << count) - 1; }

// The lowest set bit at or above `from`; -1: there is none.
int lowest_from(std::uint64_t bits, int from) {
    if (from > 63) return -1;
    const auto above = bits >> from << from;
    return above == 0 ? -1 : std::countr_zero(above);
}

}  // namespace

std::uint32_t cron_days::in(year_month month) const {
    const year_month_day first = month / 1;
    const auto length = unsigned((month / last).day());
    const auto weekday_of_first = weekday{sys_days{first}}.c_encoding();

    std::uint32_t month_days = of_month >> 1;
    for (auto left = before_last; left != 0; left &= left - 1) {
        const auto back = unsigned(std::countr_zero(left));
        if (back < length) month_days |= 1U << (length - 1 - back);
    }
    std::uint32_t week_days = over_month(of_week, weekday_of_first);
    if (last_of_week != 0) week_days |= over_month(last_of_week, weekday_of_first) & ~first_bits(length - 7);
    for (unsigned nth = 0; nth < nth_of_week.size(); ++nth)
        if (nth_of_week[nth] != 0)
            week_days |=
                over_month(nth_of_week[nth], weekday_of_first) & first_bits(7 * nth + 7) & ~first_bits(7 * nth);

    const bool both = any_of_month || any_of_week;
    return (both ? month_days & week_days : month_days | week_days) & first_bits(length);
}

std::optional<local_seconds> cron_expression::next_after(local_seconds after) const {
    const auto from = after + std::chrono::seconds{1};
    const auto today = floor<std::chrono::days>(from);
    const auto day = next_day(today);
    if (!day) return std::nullopt;
    if (*day > today) return *day + *next_time(std::chrono::seconds{0});
    if (const auto time = next_time(from - today)) return *day + *time;
    const auto later = next_day(today + std::chrono::days{1});
    if (!later) return std::nullopt;
    return *later + *next_time(std::chrono::seconds{0});
}

std::optional<std::chrono::seconds> cron_expression::next_time(std::chrono::seconds from) const {
    const hh_mm_ss clock{from};
    const auto at = [](int h, int m, int s) { return std::chrono::seconds{(h * 60 + m) * 60 + s}; };
    const int first_second = std::countr_zero(seconds);
    const int first_minute = std::countr_zero(minutes);
    const int h = int(clock.hours().count());
    if (lowest_from(hours, h) == h) {
        const int m = int(clock.minutes().count());
        if (lowest_from(minutes, m) == m)
            if (const int s = lowest_from(seconds, int(clock.seconds().count())); s >= 0) return at(h, m, s);
        if (const int next = lowest_from(minutes, m + 1); next >= 0) return at(h, next, first_second);
    }
    if (const int next = lowest_from(hours, h + 1); next >= 0) return at(next, first_minute, first_second);
    return std::nullopt;
}

std::optional<local_days> cron_expression::next_day(local_days from) const {
    const year_month_day date{from};
    year_month month{date.year(), date.month()};
    auto candidates = (months >> unsigned(date.month()) & 1) != 0 ? days.in(month) : 0;
    candidates &= ~first_bits(unsigned(date.day()) - 1);
    while (candidates == 0 && month.year() <= last_year) {
        const int next = lowest_from(months, int(unsigned(month.month())) + 1);
        month = next >= 0 ? month.year() / std::chrono::month(unsigned(next))
                          : (month.year() + years{1}) / std::chrono::month(unsigned(std::countr_zero(months)));
        candidates = days.in(month);
    }
    if (month.year() > last_year) return std::nullopt;
    return local_days{month / day(unsigned(std::countr_zero(candidates)) + 1)};
}

}  // namespace orchestrator
