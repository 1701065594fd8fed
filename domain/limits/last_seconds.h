// Counts of the last ten seconds, by whole seconds of the monotonic clock: old ones fall out by themselves.
#pragma once

#include <array>
#include <cstdint>

#include "domain/time.h"

namespace orchestrator {

// `Counts`: a struct of numbers with operator+=.
template <class Counts>
class last_seconds {
  public:
    [[nodiscard]] Counts& at(steady_time now) {
        const auto second = second_of(now);
        auto& slot = slots_[std::size_t(second % kept)];
        if (slot.second != second) slot = {.second = second, .counts = {}};
        return slot.counts;
    }

    [[nodiscard]] Counts sum(steady_time now) const {
        const auto newest = second_of(now);
        Counts total{};
        for (const auto& slot : slots_)
            if (slot.second > newest - kept) total += slot.counts;
        return total;
    }

    void clear() { slots_ = {}; }

  private:
    static constexpr int kept = 10;
    struct slot {
        std::int64_t second = -kept;
        Counts counts{};
    };

    static std::int64_t second_of(steady_time at) {
        return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    }

    std::array<slot, kept> slots_{};
};

}  // namespace orchestrator
