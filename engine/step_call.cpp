#include "engine/step_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace orchestrator {
namespace {

constexpr milliseconds first_poll_pause{500};
constexpr milliseconds longest_poll_pause{10'000};
constexpr milliseconds poll_timeout{10'000};  // a poll that hangs does not use up the job's time

step_attempt failure(call_verdict verdict, std::string_view code, std::string message) {
    step_attempt attempt;
    attempt.verdict = verdict;
    attempt.error_code = code;
    attempt.error_message = std::move(message);
    return attempt;
}

// What decides over the answer: a changed definition asks anew, and so does another input.
result_key key_of(const workflow_definition& of, const step_definition& step, tenant_id tenant,
                  const http_request& request) {
    return {tenant, fmt::format("{}\n{}\n{} {}\n{}", of.source, step.name, step.method, request.target, request.body)};
}

// How a call ended, for the gate of its service.
call_end end_of(const http_result& answer, bool has_retry_after) {
    if (answer) {
        switch (judge_status(answer->status, has_retry_after)) {
            case call_verdict::succeeded:
                return call_end::succeeded;
            case call_verdict::throttled:
                return call_end::throttled;
            case call_verdict::worth_a_retry:
                return answer->status == 503 ? call_end::unavailable : call_end::failed;
            default:
                return call_end::refused;
        }
    }
    switch (answer.error().fault) {
        case http_fault::connect_failed:
        case http_fault::tls_failed:
            return call_end::connect_failed;
        case http_fault::timed_out:
            return call_end::timed_out;
        case http_fault::cancelled:
            return call_end::unknown;
        case http_fault::exhausted:
            return call_end::exhausted;
        case http_fault::connection_lost:
            return call_end::cut_off;
        case http_fault::malformed_response:
            break;
    }
    return call_end::failed;
}

http_failure given_up_on_job(call_limits::refusal why) {
    if (why == call_limits::refusal::deadline) return {http_fault::timed_out, "the accepted job did not end in time"};
    return {http_fault::cancelled, "stopped by the caller"};
}

// An answer that ends a job; everything else is asked again.
bool is_final(const http_response& answer) {
    const auto verdict = judge_status(answer.status, true);
    return (verdict == call_verdict::succeeded && answer.status != 202) || verdict == call_verdict::refused;
}

}  // namespace

std::string idempotency_key(execution_id execution, tenant_id tenant, std::string_view step_name) {
    std::string key;
    key.reserve(2 * 37 + step_name.size());
    key.append(uuid_text{execution.value}.view()).append(":");
    key.append(uuid_text{tenant.value}.view()).append(":").append(step_name);
    return key;
}

step_attempt withdrawn_attempt() {
    auto attempt = failure(call_verdict::refused, "cancelled", "cancelled before the call");
    attempt.interrupted = true;
    attempt.called = false;
    return attempt;
}

step_attempt overdue_attempt(const std::string& because) {
    auto attempt = failure(call_verdict::refused, "deadline_exceeded",
                           because.empty() ? "the workflow's deadline has passed"
                                           : "the workflow's deadline has passed while the step waited: " + because);
    attempt.called = false;
    return attempt;
}

step_attempt broken_attempt(std::string_view what) {
    return failure(call_verdict::refused, "internal_error", fmt::format("the step cannot be worked on: {}", what));
}

step_attempt unrecordable_attempt(std::string_view why) {
    return failure(call_verdict::refused, "not_recordable", fmt::format("the outcome cannot be recorded: {}", why));
}

task<std::expected<call_limits::permit, call_limits::refusal>> step_caller::place(const active_execution& execution,
                                                                                  std::size_t step, bool is_retry,
                                                                                  call_urgency urgency) {
    return limits_.acquire(
        execution.targets[step].service,
        {.deadline = execution.deadline, .stop = execution.stop.get_token(), .is_retry = is_retry, .urgency = urgency});
}

std::string step_caller::why_it_waits(const active_execution& execution, std::size_t step) const {
    return limits_.describe(execution.targets[step].service);
}

task<step_attempt> step_caller::attempt(const active_execution& execution, std::size_t step,
                                        const template_context& context, call_limits::permit place) {
    const auto& definition = execution.definition.steps[step];
    if (!execution.targets[step].origin)
        co_return failure(call_verdict::refused, "service_unknown",
                          fmt::format("service \"{}\" is not configured", definition.service));
    if (execution.stop.stop_requested()) co_return withdrawn_attempt();
    if (time_.steady_now() >= execution.deadline) co_return overdue_attempt({});

    auto request = request_for(execution, step, context);
    if (has_dot_segment(request.target))
        co_return failure(call_verdict::refused, "path_refused",
                          "a placeholder makes the path hold \".\" or \"..\", which would lead elsewhere: not called");
    step_attempt attempt;
    std::optional<result_key> kept_as;
    if (cache_ && definition.cache_ttl.count() > 0) {
        kept_as = key_of(execution.definition, definition, context.for_tenant.id, request);
        if (const auto kept = co_await cache_->find(*kept_as)) {
            attempt.verdict = call_verdict::succeeded;
            attempt.from_cache = true;
            take_answer(attempt, definition, context, *kept);
            co_return attempt;
        }
    }
    const auto began_at = time_.steady_now();
    auto answer =
        co_await send(request, place, {definition.timeout, execution.deadline}, execution.targets[step].route);
    if (answer && answer->status == 202 && !find_header(answer->headers, "Location").empty())
        answer = co_await follow_job(std::move(request), std::move(*answer), place,
                                     {definition.timeout - (time_.steady_now() - began_at), execution.deadline});
    if (!answer) {
        const auto fault = answer.error().fault;
        const bool is_out_of_time = fault == http_fault::timed_out || fault == http_fault::exhausted;
        const bool late = is_out_of_time && time_.steady_now() >= execution.deadline;
        if (late && fault == http_fault::exhausted) co_return overdue_attempt(answer.error().detail);
        attempt = failure(late                             ? call_verdict::refused
                          : fault == http_fault::exhausted ? call_verdict::not_charged
                                                           : call_verdict::worth_a_retry,
                          late ? "deadline_exceeded" : to_string(fault),
                          fmt::format("{}: {}", definition.service,
                                      late ? "the workflow's deadline passed during the call" : answer.error().detail));
        attempt.interrupted = fault == http_fault::cancelled;
    } else {
        attempt.retry_after = pause_asked_for(*answer);
        attempt.verdict = judge_status(answer->status, attempt.retry_after.has_value());
        attempt.http_status = answer->status;
        if (attempt.verdict == call_verdict::succeeded) {
            take_answer(attempt, definition, context,
                        answer->body_truncated ? std::string_view{} : std::string_view{answer->body});
            if (kept_as && !answer->body_truncated)
                co_await cache_->keep(std::move(*kept_as), attempt.result, definition.cache_ttl);
        } else {
            attempt.error_code = "http_error";
            attempt.error_message = fmt::format("{} answered HTTP {}", definition.service, answer->status);
        }
    }
    // Whoever finds that a service is still down has done us a favour.
    if (attempt.verdict == call_verdict::worth_a_retry && place.is_probe()) attempt.verdict = call_verdict::not_charged;
    co_return attempt;
}

// One call in a place; the gate of its service learns how it ended, unless it was our own deadline that ended it.
task<http_result> step_caller::send(http_request& request, call_limits::permit& place, time_limit limit,
                                    std::optional<std::uint64_t> route) {
    const auto sent_at = time_.steady_now();
    request.deadline = std::min(sent_at + limit.timeout, limit.latest);
    auto answer = co_await http_.send(request);
    const auto asked = answer ? pause_asked_for(*answer) : std::nullopt;
    auto end = end_of(answer, asked.has_value());
    if (end == call_end::timed_out && request.deadline < sent_at + limit.timeout) end = call_end::unknown;
    place.report({.end = end,
                  .route = route,
                  .sent_at = sent_at,
                  .latency = time_.steady_now() - sent_at,
                  .retry_after = asked});
    co_return answer;
}

void step_caller::take_answer(step_attempt& into, const step_definition& definition, const template_context& context,
                              std::string_view body) const {
    std::array<unsigned char, 4096> room;  // for nearly every answer
    boost::json::monotonic_resource memory{room.data(), room.size()};
    auto summary = summarise_result(body, longest_result_, &memory);
    if (!definition.message.empty()) {
        auto with_result = context;
        if (summary.value) with_result.own_result = &*summary.value;
        into.message = definition.message.render(with_result);
    }
    into.result = std::move(summary.text);
}

http_request step_caller::request_for(const active_execution& execution, std::size_t step,
                                      const template_context& context) {
    const auto& definition = execution.definition.steps[step];
    http_request request;
    request.origin = execution.targets[step].origin;
    request.method = *parse_http_method(definition.method);
    request.target = definition.path.render(context);
    request.body = definition.body.render(context);
    request.headers.emplace_back("Idempotency-Key",
                                 idempotency_key(execution.id, context.for_tenant.id, definition.name));
    request.stop = execution.stop.get_token();
    return request;
}

// RFC 9110, 15.3.3: the job goes on behind the Location. It is asked about until it gives a final answer or its time is
// over: a poll that fails says nothing about the job. Between polls no place is held; while none is to be had, because
// the service is paused or down or many others wait, the job's time stands still.
task<http_result> step_caller::follow_job(http_request request, http_response accepted, call_limits::permit& place,
                                          time_limit limit) {
    const auto target = resolve_location(request, find_header(accepted.headers, "Location"));
    if (!target)
        co_return std::unexpected{
            http_failure{http_fault::malformed_response, "the Location of an accepted job is not on the same service"}};
    auto late_at = std::min(time_.steady_now() + limit.timeout, limit.latest);
    request.method = http_method::get;
    request.target = *target;
    request.from_root = true;
    request.body.clear();
    auto asked = pause_asked_for(accepted);
    for (auto pause = first_poll_pause;; pause = std::min(pause * 2, longest_poll_pause)) {
        place.yield_place();
        const auto wake = time_.steady_now() + std::max(asked.value_or(pause), first_poll_pause);
        co_await time_.sleep_until(std::min(wake, late_at), request.stop);
        const auto asks_at = time_.steady_now();
        if (asks_at >= late_at) co_return std::unexpected{given_up_on_job(call_limits::refusal::deadline)};
        const auto again = co_await place.regain({.deadline = limit.latest, .stop = request.stop});
        if (!again) co_return std::unexpected{given_up_on_job(again.error())};
        late_at = std::min(late_at + (time_.steady_now() - asks_at), limit.latest);
        auto answer = co_await send(request, place, {poll_timeout, late_at}, std::nullopt);
        const bool is_ours = !answer && answer.error().fault == http_fault::cancelled;
        if (is_ours || (answer && is_final(*answer))) co_return answer;
        asked = answer ? pause_asked_for(*answer) : std::nullopt;
    }
}

std::optional<milliseconds> step_caller::pause_asked_for(const http_response& answer) const {
    const auto asked = parse_retry_after(find_header(answer.headers, "Retry-After"), time_.now());
    return asked ? std::optional{std::min(*asked, longest_retry_after)} : std::nullopt;
}

}  // namespace orchestrator
