#include "domain/limits/service_gate.h"

#include <algorithm>

#include "domain/retry/exponential_backoff.h"

namespace orchestrator {
namespace {

call_signal signal_of(const call_report& report) {
    if (!report.route) return call_signal::ignored;
    switch (report.end) {
        case call_end::succeeded:
            return call_signal::ok;
        case call_end::refused:
        case call_end::failed:
        case call_end::cut_off:
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
        case call_end::cut_off:
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

constexpr std::chrono::seconds fresh_answer{5};
// How long nothing is answered before a call goes beyond the limit: several times what is usual, within these bounds,
// and never less than twice as long as is usual; then twice as long each time.
constexpr int times_the_usual = 8;
constexpr int least_times_the_usual = 2;
constexpr milliseconds shortest_patience{250};
constexpr milliseconds patience_with_strangers{15'000};
constexpr milliseconds longest_patience{60'000};

bool is_answer(call_end end) {
    return end != call_end::timed_out && end != call_end::connect_failed && end != call_end::cut_off &&
           end != call_end::exhausted && end != call_end::unknown;
}

}  // namespace

service_gate::service_gate(settings chosen)
    : settings_{chosen},
      limit_{{.most = chosen.most, .fixed = !chosen.adaptive, .seed = chosen.seed, .beat = chosen.beat}} {}

bool service_gate::may_start(bool is_retry, steady_time now) const {
    if (in_flight_ >= limit_.most() || pause_.until(now) || !breaker_.may_start(now)) return false;
    if (counted_ >= limit_.limit() && !may_go_beyond(now)) return false;
    return !is_retry || budget_.may_retry(now);
}

service_gate::ticket service_gate::start(bool is_retry, steady_time now) {
    if (in_flight_++ == 0) busy_since_ = now;
    if (counted_ >= limit_.limit()) {
        in_flight_of_.push_back(0);
        went_beyond_at_ = now;
        ++beyond_in_vain_;
    }
    ++counted_;
    ++in_flight_of_.back();
    is_retry ? budget_.take(now) : budget_.note_first_attempt(now);
    return {
        .era = first_era_ + std::int64_t(in_flight_of_.size()) - 1, .pass = breaker_.start(now), .is_retry = is_retry};
}

// The breaker itself keeps probes few.
bool service_gate::may_go_beyond(steady_time now) const {
    if (breaker_.state(now) == breaker_state::half_open) return true;
    const auto since = silent_since();
    return since && now - std::max(*since, went_beyond_at_.value_or(*since)) >= patience();
}

steady_duration service_gate::patience() const {
    const auto usual = std::chrono::ceil<milliseconds>(usual_latency_);
    const auto first = !answered_at_
                           ? patience_with_strangers
                           : std::max(least_times_the_usual * usual,
                                      std::clamp(times_the_usual * usual, shortest_patience, patience_with_strangers));
    return exponential_backoff(first, beyond_in_vain_ + 1, std::max(first, longest_patience));
}

void service_gate::leave_era(std::int64_t era) {
    if (era < first_era_) return;
    --counted_;
    --in_flight_of_[std::size_t(era - first_era_)];
    while (in_flight_of_.size() > 1 && in_flight_of_.front() == 0) write_off_before(first_era_ + 1);
}

void service_gate::write_off_before(std::int64_t era) {
    for (; first_era_ < era; ++first_era_) {
        counted_ -= in_flight_of_.front();
        in_flight_of_.pop_front();
    }
}

// Does it tell only how the service was before it answered others? A connection to one that has been replaced breaks
// long afterwards.
bool service_gate::is_old_news(const ticket& ended, const call_report& report) const {
    if (report.end == call_end::cut_off && report.sent_at < answered_was_sent_at_) return true;
    return ended.era < first_era_ && !is_answer(report.end);
}

void service_gate::end(const ticket& ended, const call_report& report, steady_time now, double jitter) {
    const bool tells_nothing = is_old_news(ended, report);
    const int in_flight = counted_;
    leave_era(ended.era);
    if (--in_flight_ == 0) busy_since_.reset();
    if (tells_nothing) return breaker_.end(ended.pass, call_health::unknown, now, jitter);
    if (report.end == call_end::throttled) pause_.throttle(report.sent_at, report.retry_after, now);
    if (report.end == call_end::succeeded) pause_.note_success(report.sent_at);
    if (report.end == call_end::succeeded && ended.is_retry) budget_.note_success(now);
    if (is_answer(report.end)) {
        answered_at_ = now;
        answered_was_sent_at_ = std::max(answered_was_sent_at_, report.sent_at);
        beyond_in_vain_ = 0;
        write_off_before(ended.era);
        // Up at once, down slowly: of two routes the slower one tells how long silence is usual.
        usual_latency_ = std::max(report.latency, usual_latency_ - usual_latency_ / 64);
    }
    limit_.on_answer({.route = report.route.value_or(0),
                      .sent_at = report.sent_at,
                      .latency = report.latency,
                      .signal = signal_of(report),
                      .in_flight = in_flight},
                     now);
    breaker_.end(ended.pass, health_of(report.end), now, jitter);
}

bool service_gate::is_answering(steady_time now) const {
    return answered_at_ && now - *answered_at_ < std::max<steady_duration>(fresh_answer, 2 * usual_latency_);
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
