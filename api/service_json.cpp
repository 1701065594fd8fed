#include "api/service_json.h"

#include <fmt/format.h>

#include <cmath>

namespace orchestrator::api {
namespace {

constexpr double much_slower = 1.5;

json::value number_or_null(const std::optional<int>& number) { return number ? json::value(*number) : json::value{}; }

// Two digits after the point: enough to read, and the same on every machine.
double rounded(double value) { return std::round(value * 100) / 100; }

std::string_view who_paused(const service_view& seen) { return seen.is_paused_by_operator ? "operator" : "service"; }

std::string explain_limit(const service_view& seen) {
    switch (seen.why) {
        case limit_reason::fixed:
            return "as configured";
        case limit_reason::starting:
            return "doubled with each round trip until the service shows a limit";
        case limit_reason::growing:
            return "and growing, as throughput grows with it";
        case limit_reason::at_most:
            return "as many as are allowed";
        case limit_reason::unused:
            return "of which fewer are needed";
        case limit_reason::saturated:
            return "as more would bring no more throughput";
        case limit_reason::slow:
            return fmt::format("taken back, as answers take {:.1f} times as long as without load", seen.slowness);
        case limit_reason::overloaded:
            return "cut, as the service refused calls, hung or was not reached";
        case limit_reason::measuring:
            return "half of what is usual, for a moment, to see how fast it is without load";
    }
    return {};
}

json::object settings_to_json(const service_setting& set) {
    return {{"max_calls", number_or_null(set.max_calls)},
            {"paused_until", time_or_null(set.paused_until)},
            {"reason", text_or_null(set.reason)},
            {"updated_at", format_time(set.updated_at)}};
}

void add_view(json::object& into, const service_view& seen) {
    into["limit"] = seen.limit;
    into["limit_reason"] = to_string(seen.why);
    into["max_calls"] = seen.max_calls;
    into["in_flight"] = seen.in_flight;
    into["waiting"] = seen.waiting;
    into["slowness"] = rounded(seen.slowness);
    into["breaker"] = to_string(seen.breaker);
    into["open_since"] = time_or_null(seen.open_since);
    into["next_probe_at"] = time_or_null(seen.next_probe);
    into["recent_calls"] = seen.recent_calls;
    into["recent_failures"] = seen.recent_failures;
    into["retry_tokens"] = std::int64_t(seen.retry_tokens);
    into["retries_waiting"] = seen.retries_waiting;
    into["paused_until"] = time_or_null(seen.paused_until);
    into["paused_by"] = seen.paused_until ? json::value(who_paused(seen)) : json::value{};
    into["answered_at"] = time_or_null(seen.answered_at);
}

// What nobody has called yet has no limit, and nothing is wrong with it.
void add_blanks(json::object& into) {
    for (const auto* name : {"limit", "limit_reason", "max_calls", "slowness", "open_since", "next_probe_at",
                             "paused_until", "paused_by", "answered_at"})
        into[name] = nullptr;
    for (const auto* name :
         {"in_flight", "waiting", "recent_calls", "recent_failures", "retry_tokens", "retries_waiting"})
        into[name] = 0;
    into["breaker"] = to_string(breaker_state::closed);
}

}  // namespace

std::string_view state_of(const service_view& seen) {
    if (seen.paused_until) return seen.is_paused_by_operator ? "paused" : "throttled";
    if (seen.breaker == breaker_state::open) return "down";
    if (seen.breaker == breaker_state::half_open) return "tried";
    const bool is_slow = seen.slowness >= much_slower || seen.why == limit_reason::overloaded || !seen.problem.empty();
    return is_slow ? "slow" : "well";
}

std::string explain(const service_view& seen) {
    if (!seen.problem.empty()) return fmt::format("{} {}", seen.name, seen.problem);
    return fmt::format("{} calls at a time, {}", seen.limit, explain_limit(seen));
}

json::object service_to_json(const std::string& name, const service_view* seen, const service_setting* set) {
    json::object shown{{"name", name},
                       {"state", seen ? state_of(*seen) : "unused"},
                       {"why", seen ? as_utf8(explain(*seen)) : "this instance has not called it yet"}};
    if (seen)
        add_view(shown, *seen);
    else
        add_blanks(shown);
    shown["settings"] = set ? json::value(settings_to_json(*set)) : json::value{};
    return shown;
}

}  // namespace orchestrator::api
