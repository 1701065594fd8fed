#include "cli/api_client.h"

#include <fmt/format.h>

#include "cli/json_text.h"
#include "cli/problem_text.h"

namespace orchestrator::cli {
namespace {

constexpr std::string_view api_prefix = "/api/v1/orchestrator";
constexpr std::chrono::seconds call_deadline{10};
constexpr std::size_t largest_answer = 64 << 20;  // bytes: 500 tenant runs with large results

std::string target_of(const api_request& request) {
    auto target = std::string{api_prefix} + request.path;
    char separator = '?';
    for (const auto& [name, value] : request.query)
        if (!value.empty())
            target += fmt::format("{}{}={}", std::exchange(separator, '&'), name, percent_encoded(value));
    return target;
}

std::unexpected<api_failure> unavailable(std::string message) {
    return std::unexpected{api_failure{exit_code::unavailable, std::move(message)}};
}

api_result answer_of(const http_response& response, const http_origin& server) {
    const auto code = exit_code_of_http_status(response.status);
    if (code != exit_code::success)
        return std::unexpected{api_failure{code, problem_text(response.status, response.body)}};
    if (response.body_truncated) return unavailable("the answer of the server is too large");
    if (response.body.empty()) return api_answer{response.status, nullptr};
    auto body = read_json(response.body);
    if (!body)
        return unavailable(
            fmt::format("{} answered with something that is not JSON; is it the address of an "
                        "orchestrator? Set it with --server or ORCHESTRATOR_URL",
                        to_string(server)));
    return api_answer{response.status, std::move(*body)};
}

std::string_view explanation_of(http_fault fault) {
    switch (fault) {
        case http_fault::exhausted:
            return "was not called: this machine has no file descriptor, port or memory left";
        case http_fault::connect_failed:
            return "cannot be reached";
        case http_fault::tls_failed:
            return "cannot be trusted (TLS)";
        case http_fault::connection_lost:
            return "closed the connection before it answered";
        case http_fault::malformed_response:
            return "does not speak HTTP";
        case http_fault::timed_out:
            return "did not answer within 10 s";
        case http_fault::cancelled:
            return "was not waited for";
    }
    return "did not answer";
}

}  // namespace

api_client::api_client(blocking_loop& loop, http_client& http, http_origin server)
    : loop_{loop}, http_{http}, server_{std::move(server)} {}

api_result api_client::try_send(const api_request& request) {
    http_request call;
    call.origin = &server_;
    call.method = request.method;
    call.target = target_of(request);
    call.body = request.body;
    call.headers = request.headers;
    call.headers.emplace_back("Accept", "application/json, application/problem+json");
    call.deadline = loop_.steady_now() + call_deadline;
    call.max_body = largest_answer;
    call.stop = loop_.stop_token();
    const auto response = loop_.run(http_.send(call));
    if (!response) return std::unexpected{no_answer(request, response.error())};
    return answer_of(*response, server_);
}

api_answer api_client::send(const api_request& request) {
    auto answer = try_send(request);
    if (!answer) throw command_failure{answer.error().code, answer.error().message};
    return std::move(*answer);
}

api_failure api_client::no_answer(const api_request& request, const http_failure& failure) const {
    auto message = fmt::format("the server {} {}", to_string(server_), explanation_of(failure.fault));
    if (!failure.detail.empty()) message += fmt::format(": {}", failure.detail);
    const bool never_arrived = failure.fault == http_fault::connect_failed || failure.fault == http_fault::tls_failed;
    if (never_arrived)
        message += "\n  is it running there? Another address is set with --server URL or ORCHESTRATOR_URL";
    else if (request.method != http_method::get)
        message += "\n  whether it did what it was asked is not known; look before you try again";
    return {exit_code::unavailable, std::move(message)};
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        if (unreserved.contains(c))
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

}  // namespace orchestrator::cli
