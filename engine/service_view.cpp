#include "engine/service_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator {
namespace {

// A service that has not answered for so long, and for several times what is usual, hangs.
constexpr std::chrono::seconds suspicious_silence{5};

std::int64_t whole_seconds(steady_duration span) { return std::chrono::ceil<std::chrono::seconds>(span).count(); }

}  // namespace

std::string problem_of(const service_gate& gate, const std::string& operator_reason, steady_time now) {
    if (gate.pause().is_by_operator(now))
        return fmt::format("is paused by an operator for {} s: {}", whole_seconds(*gate.pause().until(now) - now),
                           operator_reason);
    if (const auto since = gate.breaker().open_since()) {
        // Nobody has called it for so long that nobody knows.
        if (gate.breaker().state(now) == breaker_state::half_open && gate.in_flight() == 0) return {};
        const auto next = gate.breaker().next_change(now);
        return fmt::format(
            "has failed for {} s; {}", whole_seconds(now - *since),
            next ? fmt::format("the next try is in {} s", whole_seconds(*next - now)) : std::string{"it is tried now"});
    }
    if (const auto until = gate.pause().until(now))
        return fmt::format("asks for a pause of {} s", whole_seconds(*until - now));
    const auto silent_since = gate.silent_since();
    if (silent_since && now - *silent_since > std::max<steady_duration>(suspicious_silence, 4 * gate.usual_latency()))
        return fmt::format("has not answered for {} s, with {} calls in flight", whole_seconds(now - *silent_since),
                           gate.in_flight());
    return {};
}

service_view view_of(const service_gate& gate, const std::string& operator_reason, steady_time now, system_time wall) {
    const auto shown = [&](std::optional<steady_time> then) -> std::optional<system_time> {
        if (!then) return std::nullopt;
        return wall + std::chrono::round<milliseconds>(*then - now);
    };
    const auto limit = gate.adaptive().state();
    const auto recent = gate.breaker().recent(now);
    service_view seen;
    seen.limit = limit.limit;
    seen.max_calls = limit.most;
    seen.why = limit.reason;
    seen.slowness = limit.slowness;
    seen.in_flight = gate.in_flight();
    seen.breaker = gate.breaker().state(now);
    seen.recent_calls = recent.all;
    seen.recent_failures = recent.failed;
    seen.open_since = shown(gate.breaker().open_since());
    seen.next_probe = seen.open_since ? shown(gate.breaker().next_change(now)) : std::nullopt;
    seen.retry_tokens = gate.budget().tokens(now);
    seen.paused_until = shown(gate.pause().until(now));
    seen.is_paused_by_operator = gate.pause().is_by_operator(now);
    seen.reason = operator_reason;
    seen.answered_at = shown(gate.answered_at());
    seen.problem = problem_of(gate, operator_reason, now);
    return seen;
}

}  // namespace orchestrator
