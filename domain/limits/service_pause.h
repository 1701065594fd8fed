// A service that asks for a pause gets one: its whole queue waits, and nobody's attempts are used up (429, or 503 with
// Retry-After; RFC 6585 section 4, RFC 9110 section 10.2.3). An operator can ask for one, too. Pure; used by
// service_gate.
#pragma once

#include <optional>
#include <string>

#include "domain/time.h"

namespace orchestrator {

class service_pause {
  public:
    // A call that was sent at `sent_at` was answered: not now. `asked`: its Retry-After. Without one, or with one that
    // proves too short, the pause doubles from call to call.
    void throttle(steady_time sent_at, std::optional<milliseconds> asked, steady_time now);
    // A call was answered as it should be.
    void note_success(steady_time sent_at);
    // nullopt: not any more.
    void set_by_operator(std::optional<steady_time> until) { operator_until_ = until; }

    // nullopt: it is not paused.
    [[nodiscard]] std::optional<steady_time> until(steady_time now) const;
    [[nodiscard]] bool is_by_operator(steady_time now) const { return operator_until_ && now < *operator_until_; }
    // Pauses in a row that the service asked for.
    [[nodiscard]] int in_a_row() const { return in_a_row_; }

  private:
    std::optional<steady_time> until_;
    std::optional<steady_time> began_;
    std::optional<steady_time> operator_until_;
    int in_a_row_ = 0;
};

}  // namespace orchestrator
