// When something is due, on the clock on the wall: an expression of cron as sets of bits. Made by parse_cron; made into
// instants, with the zone's jumps, by occurrence.h.
//
// A day is found by building the month's 31 bits at once and taking the lowest that is set: no stepping from minute to
// minute, and 29 February costs no more than a few looks at a month.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace orchestrator {

using std::chrono::local_seconds;

// Which days of a month. Bits count from 1 for days of the month, from 0 (Sunday) for days of the week.
struct cron_days {
    std::uint32_t of_month = 0;
    std::uint32_t before_last = 0;  // bit k: k days before the last day of the month (L is bit 0)
    std::uint8_t of_week = 0;
    std::uint8_t last_of_week = 0;              // 5L: the last Friday
    std::array<std::uint8_t, 5> nth_of_week{};  // [1]: 5#2, the second Friday
    // Vixie cron: a field that begins with "*" restricts nothing. When neither does, either may match; otherwise both
    // must.
    bool any_of_month = false;
    bool any_of_week = false;

    bool operator==(const cron_days&) const = default;

    // Bit d - 1: day d of this month matches.
    [[nodiscard]] std::uint32_t in(std::chrono::year_month) const;
};

struct cron_expression {
    std::uint64_t seconds = 1;  // bits 0-59
    std::uint64_t minutes = 0;  // bits 0-59
    std::uint32_t hours = 0;    // bits 0-23
    std::uint16_t months = 0;   // bits 1-12
    cron_days days;
    std::string text;  // as it was written, words and all, with single spaces

    bool operator==(const cron_expression&) const = default;

    // Due in every hour: it follows the clock through its jumps instead of naming times of the day.
    [[nodiscard]] bool every_hour() const { return hours == (1U << 24) - 1; }

    // The first matching time after `after`, before the year 2101.
    [[nodiscard]] std::optional<local_seconds> next_after(local_seconds after) const;

  private:
    [[nodiscard]] std::optional<std::chrono::seconds> next_time(std::chrono::seconds from) const;
    [[nodiscard]] std::optional<std::chrono::local_days> next_day(std::chrono::local_days from) const;
};

}  // namespace orchestrator
