#include "domain/retry/retry_policy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "domain/retry/exponential_backoff.h"

namespace orchestrator {
namespace {

int number(std::string_view text) {
    int value = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc{} && end == text.data() + text.size() ? value : -1;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the only form of an HTTP date that may still be sent.
std::optional<system_time> parse_http_date(std::string_view text) {
    using namespace std::chrono;
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") return std::nullopt;
    if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') return std::nullopt;
    const auto found = std::ranges::find(months, text.substr(8, 3));
    if (found == months.end()) return std::nullopt;
    const int d = number(text.substr(5, 2)), y = number(text.substr(12, 4));
    const int h = number(text.substr(17, 2)), m = number(text.substr(20, 2)), s = number(text.substr(23, 2));
    const year_month_day date{year{y}, month{unsigned(found - months.begin() + 1)}, day{unsigned(d)}};
    if (d < 0 || y < 0 || !date.ok() || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return std::nullopt;
    return sys_days{date} + hours{h} + minutes{m} + seconds{s};
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
    if (const auto date = parse_http_date(value)) return std::max(milliseconds{0}, *date - now);
    return std::nullopt;
}

}  // namespace orchestrator
