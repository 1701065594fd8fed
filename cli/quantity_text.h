// Durations, rates and instants as a person reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/time.h"

namespace orchestrator::cli {

// "850 ms", "1.2 s", "3 min 04 s", "2 h 05 min"; "-" for nullopt. Cut, not rounded, so that it never says "60.0 s".
[[nodiscard]] std::string format_duration(std::optional<milliseconds>);

// The opposite, as people write it: "90s", "30m", "2h", "7d". nullopt: none of these, or nothing.
[[nodiscard]] std::optional<milliseconds> parse_duration(std::string_view);

// "3.4", "1234": one digit after the point below ten. "-" for nullopt.
[[nodiscard]] std::string format_rate(std::optional<double> per_second);

// "2025-11-06 08:30:20Z" of what the API writes; "-" for an empty text, anything else as it is.
[[nodiscard]] std::string format_instant(std::string_view rfc3339);

}  // namespace orchestrator::cli
