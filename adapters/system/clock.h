// The machine's clocks and timers. One for each io_context.
#pragma once

#include <boost/asio/io_context.hpp>

#include "ports/clock.h"

namespace orchestrator::system {

class clock final : public orchestrator::clock {
  public:
    explicit clock(asio::io_context& context) : context_{context} {}

    [[nodiscard]] system_time now() const override;
    [[nodiscard]] steady_time steady_now() const override;
    [[nodiscard]] steady_time unset_now() const override;
    [[nodiscard]] steady_time steady_at(system_time) const override;
    task<> sleep_until(steady_time until, std::stop_token stop) override;

  private:
    asio::io_context& context_;
};

}  // namespace orchestrator::system
