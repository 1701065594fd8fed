#include "domain/limits/service_pause.h"

#include <algorithm>

#include "domain/retry/exponential_backoff.h"
#include "domain/retry/retry_policy.h"

namespace orchestrator {
namespace {

constexpr milliseconds first_pause{1'000};  // of a service that does not say how long
constexpr milliseconds longest_pause{60'000};
// A service that asks for nothing, or for less than it needs, is not asked again and again.
constexpr milliseconds shortest_asked_pause{50};
constexpr milliseconds longest_added_pause{5'000};

}  // namespace

void service_pause::throttle(steady_time sent_at, std::optional<milliseconds> asked, steady_time now) {
    // Those that were under way when the pause began are not news; they may know better how long it takes.
    const bool is_news = !began_ || sent_at > *began_;
    if (is_news) {
        ++in_a_row_;
        began_ = now;
    }
    const auto least = asked ? exponential_backoff(shortest_asked_pause, in_a_row_, longest_added_pause)
                             : exponential_backoff(first_pause, in_a_row_, longest_pause);
    const auto wait = std::max(least, std::min(asked.value_or(milliseconds{0}), longest_retry_after));
    if (is_news || asked) until_ = std::max(until_.value_or(now), now + wait);
}

void service_pause::note_success(steady_time sent_at) {
    if (began_ && sent_at > *began_) in_a_row_ = 0;
}

std::optional<steady_time> service_pause::until(steady_time now) const {
    auto latest = now;
    if (until_) latest = std::max(latest, *until_);
    if (operator_until_) latest = std::max(latest, *operator_until_);
    if (latest <= now) return std::nullopt;
    return latest;
}

}  // namespace orchestrator
