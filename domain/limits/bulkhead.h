// How much of what all services share one service may take, so that none that is slow leaves nothing to the others.
//
// Dynamic thresholds (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998):
// each may take as much as a multiple of what is still free. One alone gets most of it, and there is always something
// left for one more. One that does not answer gets a smaller multiple than those that do. Pure; used by
// engine/call_limits.
#pragma once

#include <algorithm>

namespace orchestrator {

// Something that is counted and shared: calls in flight, or the runs that an instance works on.
struct shared_pool {
    int size = 0;
    int taken = 0;

    [[nodiscard]] constexpr int free() const { return std::max(0, size - taken); }
};

// May a service that has `held` calls in flight start one more? Services that hang leave at least 1/2, 1/4, 1/8 … of
// all, of which one that answers gets three quarters.
[[nodiscard]] constexpr bool may_start(int held, shared_pool calls, bool is_answering) {
    return held < (is_answering ? 3 : 1) * calls.free();
}

// May one more run that is under way wait for a service at which `held` runs wait or are called? If not, it goes back
// to the store. A few may always wait, however full the instance is.
[[nodiscard]] constexpr bool may_wait(int held, shared_pool runs) {
    return held < std::max({1, runs.size / 8, 2 * runs.free()});
}

// How many runs to claim whose next step calls such a service; 0: none yet. Stricter than `may_wait`, as a run that is
// claimed only to be sent back has cost two writes: when all of them wait, `held` is what is still free.
[[nodiscard]] constexpr int claim_room(int held, shared_pool runs) {
    const bool is_worthwhile = 4 * held < 3 * runs.free();
    return is_worthwhile ? (runs.free() - held + 1) / 2 : 0;
}

}  // namespace orchestrator
