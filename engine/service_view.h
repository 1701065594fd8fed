// What one instance knows of a service at a moment, for those who ask: the API, the metrics, the health check.
#pragma once

#include <optional>
#include <string>

#include "domain/limits/service_gate.h"
#include "domain/time.h"

namespace orchestrator {

struct service_view {
    std::string name;
    int limit = 0;      // calls in flight at present
    int max_calls = 0;  // what the limit may grow to
    limit_reason why = limit_reason::starting;
    double slowness = 1;  // median of latency / latency when unloaded
    int in_flight = 0;
    int waiting = 0;  // runs that wait for a place, here
    int held = 0;     // those, those that are called, and those whose accepted job goes on
    breaker_state breaker = breaker_state::closed;
    int recent_calls = 0;  // of the last ten seconds
    int recent_failures = 0;
    std::optional<system_time> open_since;    // of the breaker
    std::optional<system_time> next_probe;    // while it is open
    double retry_tokens = 0;                  // retries that may start now
    int retries_waiting = 0;                  // for such a token
    std::optional<system_time> paused_until;  // nullopt: it is not paused
    bool is_paused_by_operator = false;
    std::string reason;                      // of the operator
    std::optional<system_time> answered_at;  // nullopt: never yet
    // Nothing is claimed for it: it is paused, not there, or too many wait already.
    bool is_closed = false;
    std::string problem;  // in words, for people; empty: none
};

// What is wrong with a service, in words that go on after its name: "has failed for 12 s; …". Empty: nothing.
// `operator_reason`: why an operator has paused it.
[[nodiscard]] std::string problem_of(const service_gate&, const std::string& operator_reason, steady_time now);

// What its gate knows; `wall` is the wall clock at `now`.
[[nodiscard]] service_view view_of(const service_gate&, const std::string& operator_reason, steady_time now,
                                   system_time wall);

}  // namespace orchestrator
