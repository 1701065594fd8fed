// How fast history grows old. A wall clock that is wrong by months must not delete them in one stroke: the time by
// which history is counted may advance by no more than this, and catches up in days after an outage of months.
#pragma once

#include <chrono>

#include "domain/time.h"

namespace orchestrator {

inline constexpr milliseconds least_history_step = std::chrono::hours{1};
inline constexpr int history_speed = 24;  // times as fast as time passes, at most

// `running`: for how long the leader has gone on since it looked the last time; 0 at its first look.
[[nodiscard]] constexpr milliseconds longest_history_step(milliseconds running) {
    return least_history_step + history_speed * running;
}

}  // namespace orchestrator
