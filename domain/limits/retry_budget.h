// How many retries a service is given: a fifth of the first attempts of the last ten seconds, and ten a second however
// few those are (Finagle's RetryBudget). Without it a service that fails would be called up to four times as often as
// one that is well. A retry takes its token when it would start, not when it is decided, so that those who wait for a
// retry cannot all leave at once. Pure; used by service_gate.
#pragma once

#include <optional>

#include "domain/limits/last_seconds.h"
#include "domain/time.h"

namespace orchestrator {

class retry_budget {
  public:
    static constexpr double share = 0.2;      // of first attempts
    static constexpr double per_second = 10;  // at least
    static constexpr double per_success = 2;  // of a retry

    void note_first_attempt(steady_time now) { earn(share, now); }
    // A retry that succeeds earns two more: a service that is well again gets all that waited for it, and quickly.
    void note_success(steady_time now) { earn(per_success, now); }
    [[nodiscard]] bool may_retry(steady_time now) const { return tokens(now) >= 1; }
    // Call only if it may.
    void take(steady_time now);
    // When there is a token by time alone; nullopt: there is one.
    [[nodiscard]] std::optional<steady_time> next_token(steady_time now) const;
    // Retries that may start at this moment.
    [[nodiscard]] double tokens(steady_time now) const;

  private:
    struct earnings {
        double tokens = 0;
        earnings& operator+=(earnings more) {
            tokens += more.tokens;
            return *this;
        }
    };
    void earn(double tokens, steady_time now);
    void refill(steady_time now);

    last_seconds<earnings> earned_;
    double tokens_ = per_second;
    std::optional<steady_time> refilled_at_;
};

}  // namespace orchestrator
