// Time that only passes when someone pauses.
#pragma once

#include "cli/pacing.h"

namespace orchestrator::cli {

class invented_time final : public pacing {
  public:
    [[nodiscard]] steady_time steady_now() const override { return now; }
    void pause(milliseconds duration) override {
        now += duration;
        if (now >= interrupt_at) interrupted_ = true;
    }
    [[nodiscard]] bool interrupted() const override { return interrupted_; }

    steady_time now{};
    steady_time interrupt_at = steady_time::max();

  private:
    bool interrupted_ = false;
};

}  // namespace orchestrator::cli
