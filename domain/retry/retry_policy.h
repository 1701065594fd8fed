// Retry or give up, and when to try again.
//
// Backoff is exponential with full jitter (Brooker, "Exponential Backoff and Jitter", 2015): a uniform draw between
// nothing and min(max_delay, delay * 2^attempt). A service's own Retry-After is obeyed as the lower bound.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/time.h"

namespace orchestrator {

struct retry_policy {
    int max_retries = 3;             // 3 means four attempts
    milliseconds delay{1'000};       // upper bound of the first wait
    milliseconds max_delay{60'000};  // upper bound of any wait that we choose ourselves

    bool operator==(const retry_policy&) const = default;
};

// How one call ended, as far as the decision goes.
enum class call_verdict {
    succeeded,      // 2xx
    worth_a_retry,  // 408, 425, 5xx, or the network failed
    throttled,      // 429, or 503 with Retry-After: the service asks for a pause. Costs no attempt
    not_charged,    // our own shortage, or a probe of a service that is still down. Costs no attempt
    refused,        // any other status: the same request would fail again
};

[[nodiscard]] call_verdict judge_status(int http_status, bool has_retry_after);

// The call is made again, and nobody counts this one.
[[nodiscard]] constexpr bool costs_no_attempt(call_verdict verdict) {
    return verdict == call_verdict::throttled || verdict == call_verdict::not_charged;
}

// The longest Retry-After that is obeyed; a service that asks for more is tried again after this long.
inline constexpr milliseconds longest_retry_after{15 * 60 * 1'000};

// The wait before the next attempt, or nullopt to give up.
// `attempts`: calls made so far, at least 1. `uniform`: a draw from [0, 1).
[[nodiscard]] std::optional<milliseconds> retry_delay(const retry_policy&, int attempts,
                                                      std::optional<milliseconds> retry_after, double uniform);

// The value of a Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date. nullopt: neither.
[[nodiscard]] std::optional<milliseconds> parse_retry_after(std::string_view value, system_time now);

}  // namespace orchestrator
