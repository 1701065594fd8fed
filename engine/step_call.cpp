#include "engine/step_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace orchestrator {
namespace {

constexpr milliseconds first_poll_pause{500};
constexpr milliseconds longest_poll_pause{10'000};

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

task<call_limits::permit> step_caller::place(const active_execution& execution, std::size_t step) {
    return limits_.acquire(execution.targets[step].service);
}

task<step_attempt> step_caller::attempt(const active_execution& execution, std::size_t step,
                                        const template_context& context, call_limits::permit /*until it has ended*/) {
    const auto& definition = execution.definition.steps[step];
    if (!execution.targets[step].origin)
        co_return failure(call_verdict::refused, "service_unknown",
                          fmt::format("service \"{}\" is not configured", definition.service));
    if (execution.stop.stop_requested()) co_return withdrawn_attempt();
    if (time_.steady_now() >= execution.deadline)
        co_return failure(call_verdict::refused, "deadline_exceeded", "the workflow's deadline has passed");

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
    auto answer = co_await http_.send(request);
    if (answer && answer->status == 202 && !find_header(answer->headers, "Location").empty())
        answer = co_await poll_until_done(std::move(request), std::move(*answer));
    if (!answer) {
        const auto fault = answer.error().fault;
        const bool late = fault == http_fault::timed_out && time_.steady_now() >= execution.deadline;
        attempt = failure(late ? call_verdict::refused : call_verdict::worth_a_retry,
                          late ? "deadline_exceeded" : to_string(fault),
                          fmt::format("{}: {}", definition.service,
                                      late ? "the workflow's deadline passed during the call" : answer.error().detail));
        attempt.interrupted = fault == http_fault::cancelled;
        co_return attempt;
    }

    attempt.verdict = judge_status(answer->status);
    attempt.http_status = answer->status;
    if (attempt.verdict == call_verdict::succeeded) {
        take_answer(attempt, definition, context,
                    answer->body_truncated ? std::string_view{} : std::string_view{answer->body});
        if (kept_as && !answer->body_truncated)
            co_await cache_->keep(std::move(*kept_as), attempt.result, definition.cache_ttl);
    } else {
        attempt.error_code = "http_error";
        attempt.error_message = fmt::format("{} answered HTTP {}", definition.service, answer->status);
        attempt.retry_after = parse_retry_after(find_header(answer->headers, "Retry-After"), time_.now());
    }
    co_return attempt;
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
    request.deadline = std::min(time_.steady_now() + definition.timeout, execution.deadline);
    request.stop = execution.stop.get_token();
    return request;
}

// RFC 9110, 15.3.3: the job goes on behind the Location. Within the deadline of the same attempt.
task<http_result> step_caller::poll_until_done(http_request request, http_response accepted) {
    const auto target = resolve_location(request, find_header(accepted.headers, "Location"));
    if (!target)
        co_return std::unexpected{
            http_failure{http_fault::malformed_response, "the Location of an accepted job is not on the same service"}};
    request.method = http_method::get;
    request.target = *target;
    request.from_root = true;
    request.body.clear();
    auto pause = first_poll_pause;
    http_result answer = std::move(accepted);
    while (answer && answer->status == 202) {
        const auto asked = parse_retry_after(find_header(answer->headers, "Retry-After"), time_.now());
        const auto wake = time_.steady_now() + std::max(asked.value_or(pause), first_poll_pause);
        pause = std::min(pause * 2, longest_poll_pause);
        co_await time_.sleep_until(std::min(wake, request.deadline), request.stop);
        if (time_.steady_now() >= request.deadline)
            co_return std::unexpected{http_failure{http_fault::timed_out, "the accepted job did not end in time"}};
        answer = co_await http_.send(request);
    }
    co_return answer;
}

}  // namespace orchestrator
