// The two kinds of time that the project uses, and their text form.
// Wall-clock instants are UTC milliseconds and may jump; durations and deadlines are measured on the monotonic clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace orchestrator {

using std::chrono::milliseconds;

using system_time = std::chrono::sys_time<milliseconds>;
using steady_time = std::chrono::steady_clock::time_point;
using steady_duration = std::chrono::steady_clock::duration;  // finer than milliseconds

// "2025-11-06T08:30:20.125Z" (RFC 3339, always UTC, always milliseconds).
[[nodiscard]] std::string format_time(system_time);

// Accepts what format_time writes, with or without a fraction and with "Z" or a numeric offset; nullopt otherwise.
[[nodiscard]] std::optional<system_time> parse_time(std::string_view);

}  // namespace orchestrator
