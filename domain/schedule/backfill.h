// Which occurrences of the past a backfill would make up for. Pure.
#pragma once

#include <span>
#include <vector>

#include "domain/schedule/timetable.h"

namespace orchestrator {

struct backfill_range {
    local_days start_date;  // both inclusive, on the clock of each timetable
    local_days end_date;
};

inline constexpr std::size_t most_backfill_occurrences = 1'000;

// What fired, or should have, on the days of the range and not after `now`: ascending, each instant once however many
// timetables it is in. More than most_backfill_occurrences of them: cut one beyond, so that it shows.
[[nodiscard]] std::vector<sys_seconds> occurrences_in(std::span<const timetable* const>, backfill_range,
                                                      sys_seconds now);

}  // namespace orchestrator
