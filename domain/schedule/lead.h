// How long before a deadline a workflow has to start: from how long it took before. For schedules with ready_by.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "domain/time.h"

namespace orchestrator {

struct lead_bounds {
    std::chrono::seconds least{300};
    std::chrono::seconds most{3'600};  // the workflow's max_execution_time
};

struct lead_estimate {
    std::chrono::seconds lead;  // whole minutes
    std::size_t samples = 0;
    milliseconds quantile{0};  // of the samples, 0.95
    enum class basis {
        measured,
        too_few,  // fewer than 3 samples: the upper bound
        least,    // measured, raised to the lower bound
        most,     // measured, cut to the upper bound: it may not be ready
    } from = basis::measured;

    bool operator==(const lead_estimate&) const = default;
};

[[nodiscard]] std::string_view to_string(lead_estimate::basis);

inline constexpr double lead_quantile = 0.95;
inline constexpr double lead_margin = 0.25;  // on top of the quantile
inline constexpr std::size_t fewest_durations = 3;
inline constexpr int durations_looked_at = 30;  // the latest executions that completed for somebody

// `durations`: of past executions, in any order.
[[nodiscard]] lead_estimate estimate_lead(std::span<const milliseconds> durations, lead_bounds);

}  // namespace orchestrator
