// How much of the open work one of several instances takes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace orchestrator {

// Fewer are not worth the words about them, and would leave an instance idle while another one is slow to ask.
inline constexpr std::int64_t least_share = 8;

// The runs that one of `instances` may hold when `open` runs wait or run, over all of them.
[[nodiscard]] constexpr std::int64_t fair_share(std::int64_t open, std::int64_t instances) {
    return std::max((open + instances - 1) / instances, least_share);
}

}  // namespace orchestrator
