// Time for a command that waits: real in the program, invented in the tests.
#pragma once

#include "domain/time.h"

namespace orchestrator::cli {

class pacing {
  public:
    virtual ~pacing() = default;

    [[nodiscard]] virtual steady_time steady_now() const = 0;
    // Returns early when the person interrupts, and at once after that.
    virtual void pause(milliseconds) = 0;
    [[nodiscard]] virtual bool interrupted() const = 0;
};

}  // namespace orchestrator::cli
