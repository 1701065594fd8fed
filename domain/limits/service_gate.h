// May a call to this service start now? What one instance knows of one service: how many calls it takes
// (adaptive_limit), whether it is there (circuit_breaker), whether it asked for a pause (service_pause), how many
// retries it is given (retry_budget), and what an operator set. A state machine: time is an argument, and nobody waits
// here; engine/call_limits does.
//
// Calls may be lost: the service was replaced and will never answer them, or it hangs for some tenants only; they end
// with their timeout, which may be an hour. They must not keep the places of calls that would be answered. So a service
// that has been silent for longer than usual gets one call beyond its limit, ever more seldom, which begins a new era;
// when a call of it is answered, those of the eras before do not count any more. What is configured as the most is
// never exceeded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "domain/limits/adaptive_limit.h"
#include "domain/limits/circuit_breaker.h"
#include "domain/limits/retry_budget.h"
#include "domain/limits/service_pause.h"
#include "domain/time.h"

namespace orchestrator {

enum class call_end {
    succeeded,       // 2xx
    refused,         // 4xx: the service is well
    throttled,       // 429, or 503 with Retry-After
    unavailable,     // 503 without one
    failed,          // any other 5xx, 408, 425, or what is no HTTP
    cut_off,         // the connection broke before the answer was complete
    timed_out,       // no answer within the attempt's time
    connect_failed,  // nobody there
    exhausted,       // this process had no descriptor, port or memory for it: never the service's fault
    unknown,         // we ended it ourselves
};

// How one call ended.
struct call_report {
    call_end end = call_end::unknown;
    std::optional<std::uint64_t> route;  // whose latency it shows; nullopt: it shows none (a poll)
    steady_time sent_at;
    steady_time::duration latency{};
    std::optional<milliseconds> retry_after;
};

class service_gate {
  public:
    struct settings {
        int most = 256;        // calls in flight
        bool adaptive = true;  // false: `most` is the limit
        std::uint64_t seed = 1;
        steady_time beat{};  // see adaptive_limit
    };
    // A call that has started.
    struct ticket {
        std::int64_t era = 0;
        circuit_breaker::pass pass;
        bool is_retry = false;
    };

    explicit service_gate(settings);

    [[nodiscard]] bool may_start(bool is_retry, steady_time now) const;
    // Call only if it may.
    [[nodiscard]] ticket start(bool is_retry, steady_time now);
    // The call has ended, or was not made after all (end: unknown). `jitter`: a draw from [0, 1).
    void end(const ticket&, const call_report&, steady_time now, double jitter);

    // When a call that may not start now may, if nothing else happens; nullopt: an answer decides.
    [[nodiscard]] std::optional<steady_time> next_change(bool retries_wait, steady_time now) const;
    // Is it paused, or not there? Then nothing is to be claimed for it.
    [[nodiscard]] bool is_shut(steady_time now) const;

    // What an operator set: `most_calls` nullopt, as configured; `paused_until` nullopt, not paused.
    void set_most(std::optional<int> most_calls);
    void pause_until(std::optional<steady_time> paused_until) { pause_.set_by_operator(paused_until); }

    [[nodiscard]] int in_flight() const { return in_flight_; }
    [[nodiscard]] int limit() const { return limit_.limit(); }
    [[nodiscard]] const adaptive_limit& adaptive() const { return limit_; }
    [[nodiscard]] const circuit_breaker& breaker() const { return breaker_; }
    [[nodiscard]] const retry_budget& budget() const { return budget_; }
    [[nodiscard]] const service_pause& pause() const { return pause_; }
    // When the service answered last; nullopt: never yet.
    [[nodiscard]] std::optional<steady_time> answered_at() const { return answered_at_; }
    // Did it answer within the last seconds?
    [[nodiscard]] bool is_answering(steady_time now) const;
    // Since when it owes an answer; nullopt: it owes none.
    [[nodiscard]] std::optional<steady_time> silent_since() const;
    // Of its answers, slower ones counting for more.
    [[nodiscard]] steady_duration usual_latency() const { return usual_latency_; }

  private:
    [[nodiscard]] steady_duration patience() const;
    [[nodiscard]] bool may_go_beyond(steady_time now) const;
    [[nodiscard]] bool is_old_news(const ticket&, const call_report&) const;
    void leave_era(std::int64_t era);
    void write_off_before(std::int64_t era);

    settings settings_;
    adaptive_limit limit_;
    circuit_breaker breaker_;
    retry_budget budget_;
    service_pause pause_;
    int in_flight_ = 0;
    int counted_ = 0;                  // of those, against the limit
    std::int64_t first_era_ = 0;       // that counts
    std::deque<int> in_flight_of_{0};  // by era, from `first_era_` on
    std::optional<steady_time> went_beyond_at_;
    int beyond_in_vain_ = 0;  // calls beyond the limit, since the last answer
    std::optional<steady_time> answered_at_;
    steady_time answered_was_sent_at_{steady_time::min()};  // the latest call that was answered
    std::optional<steady_time> busy_since_;                 // calls have been in flight without a break
    steady_duration usual_latency_{};
};

}  // namespace orchestrator
