#include "domain/retry/retry_policy.h"

#include <algorithm>
#include <charconv>

#include "domain/retry/exponential_backoff.h"
#include "domain/retry/http_date.h"

namespace orchestrator {
namespace {

int number(std::string_view text) {
    int value = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc{} && end == text.data() + text.size() ? value : -1;
}

}  // namespace

call_verdict judge_status(int status, bool has_retry_after) {
    if (status >= 200 && status < 300) return call_verdict::succeeded;
    if (status == 429 || (status == 503 && has_retry_after)) return call_verdict::throttled;
    if (status == 408 || status == 425 || status >= 500) return call_verdict::worth_a_retry;
    return call_verdict::refused;
}

std::optional<milliseconds> retry_delay(const retry_policy& policy, int attempts,
                                        std::optional<milliseconds> retry_after, double uniform) {
    if (attempts > policy.max_retries) return std::nullopt;
    const auto ceiling = exponential_backoff(policy.delay, attempts, policy.max_delay);
    const milliseconds jittered{static_cast<std::int64_t>(uniform * double(ceiling.count()))};
    if (!retry_after) return jittered;
    return std::min(*retry_after, longest_retry_after) + jittered;
}

std::optional<milliseconds> parse_retry_after(std::string_view value, system_time now) {
    if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) {
        if (value.size() > 9) return longest_retry_after;
        return std::chrono::seconds{number(value)};
    }
    if (const auto date = parse_http_date(value, now)) return std::max(milliseconds{0}, *date - now);
    return std::nullopt;
}

}  // namespace orchestrator
