// The rule at the end of a zone file: a POSIX TZ string ("CET-1CEST,M3.5.0,M10.5.0/3") with the extensions of RFC 9636,
// section 3.3.1.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/time_zone/time_zone.h"

namespace orchestrator {

struct posix_rule {
    // When in a year clocks change: on a day, `time` after its local midnight (it may lie on another day).
    struct change {
        enum class kind { month_week_day, julian_without_leap_day, zero_based_day };
        kind what = kind::month_week_day;
        int month = 1, week = 1, weekday = 0;  // week 5: the last
        int day = 0;                           // of the year
        std::chrono::seconds time{7'200};

        [[nodiscard]] local_seconds in(std::chrono::year) const;
    };
    struct daylight {
        std::string abbreviation;
        std::chrono::seconds offset{};
        change begins, ends;
    };

    std::string abbreviation;
    std::chrono::seconds offset{};
    std::optional<daylight> dst;

    // The spans that begin in this year, in order.
    [[nodiscard]] std::vector<offset_span> spans_in(std::chrono::year) const;
};

// nullopt: not such a string.
[[nodiscard]] std::optional<posix_rule> parse_posix_rule(std::string_view);

}  // namespace orchestrator
