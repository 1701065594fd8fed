#include "domain/limits/service_gate.h"

#include <algorithm>

namespace orchestrator {
namespace {

call_signal signal_of(const call_report& report) {
    if (!report.route) return call_signal::ignored;
    switch (report.end) {
        case call_end::succeeded:
            return call_signal::ok;
        case call_end::refused:
        case call_end::failed:
            return call_signal::failed;
        case call_end::throttled:
        case call_end::unavailable:
        case call_end::timed_out:
        case call_end::connect_failed:
            return call_signal::overload;
        case call_end::exhausted:
        case call_end::unknown:
            break;
    }
    return call_signal::ignored;
}

call_health health_of(call_end end) {
    switch (end) {
        case call_end::succeeded:
        case call_end::refused:
        case call_end::throttled:  // it is there, and says so
            return call_health::well;
        case call_end::unavailable:
        case call_end::failed:
        case call_end::timed_out:
            return call_health::failed;
        case call_end::connect_failed:
            return call_health::unreachable;
        case call_end::exhausted:
        case call_end::unknown:
            break;
    }
    return call_health::unknown;
}

bool is_answer(call_end end) {
    return end != call_end::timed_out && end != call_end::connect_failed && end != call_end::exhausted &&
           end != call_end::unknown;
}

}  // namespace

service_gate::service_gate(settings chosen)
    : settings_{chosen},
      limit_{{.most = chosen.most, .fixed = !chosen.adaptive, .seed = chosen.seed, .beat = chosen.beat}} {}

bool service_gate::may_start(bool is_retry, steady_time now) const {
    if (in_flight_ >= limit_.limit() || pause_.until(now) || !breaker_.may_start(now)) return false;
    return !is_retry || budget_.may_retry(now);
}

service_gate::ticket service_gate::start(bool is_retry, steady_time now) {
    if (in_flight_++ == 0) busy_since_ = now;
    is_retry ? budget_.take(now) : budget_.note_first_attempt(now);
    return {.started_at = now, .pass = breaker_.start(now), .is_retry = is_retry};
}

void service_gate::end(const ticket& ended, const call_report& report, steady_time now, double jitter) {
    if (report.end == call_end::throttled) pause_.throttle(report.sent_at, report.retry_after, now);
    if (report.end == call_end::succeeded) pause_.note_success(report.sent_at);
    if (report.end == call_end::succeeded && ended.is_retry) budget_.note_success(now);
    if (is_answer(report.end)) {
        answered_at_ = now;
        // Up at once, down slowly: of two routes the slower one tells how long silence is usual.
        usual_latency_ = std::max(report.latency, usual_latency_ - usual_latency_ / 64);
    }
    limit_.on_answer({.route = report.route.value_or(0),
                      .sent_at = report.sent_at,
                      .latency = report.latency,
                      .signal = signal_of(report),
                      .in_flight = in_flight_},
                     now);
    breaker_.end(ended.pass, health_of(report.end), now, jitter);
    if (--in_flight_ == 0) busy_since_.reset();
}

std::optional<steady_time> service_gate::silent_since() const {
    if (!busy_since_) return std::nullopt;
    return std::max(*busy_since_, answered_at_.value_or(*busy_since_));
}

std::optional<steady_time> service_gate::next_change(bool retries_wait, steady_time now) const {
    std::optional<steady_time> latest = pause_.until(now);
    const auto also = [&](std::optional<steady_time> other) {
        if (other && (!latest || *other > *latest)) latest = other;
    };
    also(breaker_.next_change(now));
    if (retries_wait) also(budget_.next_token(now));
    return latest;
}

bool service_gate::is_shut(steady_time now) const { return pause_.until(now) || !breaker_.may_start(now); }

void service_gate::set_most(std::optional<int> most_calls) {
    limit_.set_most(std::clamp(most_calls.value_or(settings_.most), 1, settings_.most));
}

}  // namespace orchestrator
