// One attempt at one step: waits for a place, renders the request, calls the service, asks about an accepted job until
// it ends, and judges the answer. Records nothing.
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>

#include "domain/execution/result_summary.h"
#include "domain/retry/retry_policy.h"
#include "engine/active_execution.h"
#include "engine/call_limits.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/result_cache.h"

namespace orchestrator {

struct step_attempt {
    call_verdict verdict = call_verdict::refused;
    bool interrupted = false;  // ended by us, not by the service
    bool called = true;        // false: the service never saw this attempt
    bool from_cache = false;   // a result of before was used
    int http_status = 0;
    std::optional<milliseconds> retry_after;
    std::string result;         // of a success: JSON, as it is kept; empty when there is none
    std::string message;        // of a success: what the step's definition says then; empty: nothing
    std::string error_code;     // http_error, connect_failed, timed_out, deadline_exceeded, … ; empty on success
    std::string error_message;  // names the service and the fault, and nothing that the service sent
};

// Given up before the service saw it.
[[nodiscard]] step_attempt withdrawn_attempt();
// The deadline of the workflow came first. `because`: what the step waited for; empty: nothing.
[[nodiscard]] step_attempt overdue_attempt(const std::string& because);
// Something that nobody foresaw, in an answer for instance: the step fails, and its run goes on without it.
[[nodiscard]] step_attempt broken_attempt(std::string_view what);
// The store will never take what came of the call.
[[nodiscard]] step_attempt unrecordable_attempt(std::string_view why);

class step_caller {
  public:
    // `cache`: nullptr when there is none.
    step_caller(http_client& http, clock& time, call_limits& limits, std::size_t longest_result,
                result_cache* cache = nullptr)
        : http_{http}, time_{time}, limits_{limits}, longest_result_{longest_result}, cache_{cache} {}

    // Waits until one more call to the step's service may start, but no longer than the execution has. Apart from the
    // attempt, as many wait here and few are in flight: who waits takes little memory.
    task<std::expected<call_limits::permit, call_limits::refusal>> place(const active_execution&, std::size_t step,
                                                                         bool is_retry, call_urgency = {});
    // What calls to the step's service wait for at present.
    [[nodiscard]] std::string why_it_waits(const active_execution&, std::size_t step) const;

    // `step`: index. `context`: for the templates. The caller awaits, so references live.
    task<step_attempt> attempt(const active_execution&, std::size_t step, const template_context& context,
                               call_limits::permit place);

  private:
    http_request request_for(const active_execution&, std::size_t step, const template_context&);
    void take_answer(step_attempt& into, const step_definition&, const template_context&, std::string_view body) const;
    struct time_limit {
        steady_duration timeout;  // the service's, for this call
        steady_time latest;       // ours, for all
    };

    // `route`: whose latency it shows; nullopt: a poll, which shows none.
    task<http_result> send(http_request&, call_limits::permit&, time_limit, std::optional<std::uint64_t> route);
    task<http_result> follow_job(http_request, http_response accepted, call_limits::permit&, time_limit);
    [[nodiscard]] std::optional<milliseconds> pause_asked_for(const http_response&) const;

    http_client& http_;
    clock& time_;
    call_limits& limits_;
    std::size_t longest_result_;
    result_cache* cache_;
};

// The same for every attempt of a step, whichever instance makes it.
[[nodiscard]] std::string idempotency_key(execution_id, tenant_id, std::string_view step_name);

}  // namespace orchestrator
