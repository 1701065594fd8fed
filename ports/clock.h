// Time as a port, so that the engine runs on a virtual clock in simulation.
#pragma once

#include <stop_token>

#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator {

class clock {
  public:
    virtual ~clock() = default;

    // UTC. May jump; never used to measure a duration.
    [[nodiscard]] virtual system_time now() const = 0;
    // Never jumps; deadlines and durations.
    [[nodiscard]] virtual steady_time steady_now() const = 0;
    // Like steady_now, and goes on while the machine sleeps: nobody sets it.
    [[nodiscard]] virtual steady_time unset_now() const { return steady_now(); }
    // When the wall clock is going to show `at`, if nobody sets it. Finer than `now`, which is in whole milliseconds.
    [[nodiscard]] virtual steady_time steady_at(system_time at) const { return steady_now() + (at - now()); }
    // Returns at `until`, or at once when `stop` is requested (from the thread of the caller's executor).
    virtual task<> sleep_until(steady_time until, std::stop_token stop = {}) = 0;
};

}  // namespace orchestrator
