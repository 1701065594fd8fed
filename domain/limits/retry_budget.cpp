#include "domain/limits/retry_budget.h"

#include <algorithm>

namespace orchestrator {

double retry_budget::tokens(steady_time now) const {
    const std::chrono::duration<double> passed = refilled_at_ ? now - *refilled_at_ : steady_time::duration{};
    const double most = per_second + earned_.sum(now).tokens;
    return std::min(most, tokens_ + per_second * passed.count());
}

// Without a refill: what is too much is cut when somebody asks.
void retry_budget::earn(double tokens, steady_time now) {
    earned_.at(now).tokens += tokens;
    tokens_ += tokens;
}

void retry_budget::refill(steady_time now) {
    tokens_ = tokens(now);
    refilled_at_ = now;
}

void retry_budget::take(steady_time now) {
    refill(now);
    tokens_ -= 1;
}

std::optional<steady_time> retry_budget::next_token(steady_time now) const {
    const double missing = 1 - tokens(now);
    if (missing <= 0) return std::nullopt;
    const std::chrono::duration<double> wait{missing / per_second};
    return now + std::chrono::ceil<milliseconds>(wait);
}

}  // namespace orchestrator
