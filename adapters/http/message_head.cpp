// Bytes of requests and answers: see message_head.h.
#include "adapters/http/message_head.h"

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <ctime>

#include "domain/ascii_case.h"

namespace orchestrator::http {
namespace {

bool is_token_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::string_view{"!#$%&'*+-.^_`|~"}.contains(c);
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_character); }

bool is_field_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

bool is_target(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
    return std::ranges::any_of(names, [&](std::string_view other) { return same_but_for_case(name, other); });
}

constexpr std::array<std::string_view, 8> framing_fields{
    "Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "TE", "Accept-Encoding"};
constexpr std::array<std::string_view, 4> server_fields{"Content-Length", "Date", "Connection", "Transfer-Encoding"};

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_length(std::string& out, std::size_t length) {
    const fmt::format_int digits{length};
    append_field(out, "Content-Length", {digits.data(), digits.size()});
}

// The port unless it is the scheme's own; IPv6 in brackets.
void append_host(std::string& out, const http_origin& origin) {
    const bool is_ipv6 = origin.host.contains(':');
    out.append("Host: ").append(is_ipv6 ? "[" : "").append(origin.host).append(is_ipv6 ? "]" : "");
    if (origin.port != (origin.scheme == "https" ? "443" : "80")) out.append(":").append(origin.port);
    out.append("\r\n");
}

bool announces_length(const http_request& request) {
    if (!request.body.empty()) return true;
    return request.method != http_method::get && request.method != http_method::delete_;
}

// RFC 9110 section 5.6.7. One text for each second, because formatting it costs more than the rest of the head.
std::string_view date_now() {
    thread_local std::time_t second = 0;
    thread_local std::string text;
    const auto now = std::time(nullptr);
    if (now == second) return text;
    second = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    text = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(parts.tm_wday)],
                       parts.tm_mday, months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text;
}

std::string_view reason(int status) {
    namespace beast_http = boost::beast::http;
    const auto text = beast_http::obsolete_reason(beast_http::int_to_status(static_cast<unsigned>(status)));
    return {text.data(), text.size()};
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::optional<std::string> find_flaw(const http_request& request) {
    if (!is_target(request.target) || !is_target(request.origin->base_path))
        return "target: a space, control or non-ASCII character must be percent-encoded";
    if (!request.target.empty() && request.target.front() != '/' && request.target.front() != '?')
        return "target: must begin with \"/\" or \"?\"";
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name)) return "header: a name has a character outside of RFC 9110's tokens";
        if (!is_field_value(value)) return fmt::format("header: the value of {} has a control character", name);
        if (is_one_of(name, framing_fields)) return fmt::format("header: {} is set by the client alone", name);
    }
    return std::nullopt;
}

void render_request(std::string& out, const http_request& request, std::string_view user_agent) {
    const auto& origin = *request.origin;
    const std::string_view base = request.from_root ? std::string_view{} : std::string_view{origin.base_path};
    out.assign(to_string(request.method)).append(" ").append(base);
    if (base.empty() && !request.target.starts_with('/')) out.push_back('/');
    out.append(request.target).append(" HTTP/1.1\r\n");
    append_host(out, origin);
    append_field(out, "Accept-Encoding", "identity");  // else a service may compress what we then cannot read
    bool own_type = false;
    bool own_agent = false;
    for (const auto& [name, value] : request.headers) {
        own_type = own_type || same_but_for_case(name, "Content-Type");
        own_agent = own_agent || same_but_for_case(name, "User-Agent");
        append_field(out, name, value);
    }
    if (!own_agent && !user_agent.empty()) append_field(out, "User-Agent", user_agent);
    if (!own_type && !request.body.empty()) append_field(out, "Content-Type", "application/json");
    if (announces_length(request)) append_length(out, request.body.size());
    out.append("\r\n").append(request.body);
}

bool is_sendable(std::string_view name, std::string_view value) {
    return is_token(name) && is_field_value(value) && !is_one_of(name, server_fields);
}

std::string render_response(const server_response& response, const response_frame& frame) {
    const fmt::format_int status{response.status};
    std::string out;
    out.reserve(256 + response.body.size());
    out.append("HTTP/1.1 ").append(status.data(), status.size()).append(" ").append(reason(response.status));
    out.append("\r\n");
    append_field(out, "Date", date_now());
    for (const auto& [name, value] : response.headers) append_field(out, name, value);
    if (!frame.keep_alive) append_field(out, "Connection", "close");
    if (frame.keep_alive && frame.http_1_0) append_field(out, "Connection", "keep-alive");
    const bool body = may_have_body(response.status);
    const bool stream = frame.chunked || frame.until_close;
    if (frame.chunked && body) append_field(out, "Transfer-Encoding", "chunked");
    if (!stream && body) append_length(out, response.body.size());
    out.append("\r\n");
    if (!stream && body && !frame.without_body) out.append(response.body);
    return out;
}

namespace {

// The word for programs, beside the status for HTTP: as in docs/api.md.
std::string_view problem_code(int status) {
    switch (status) {
        case 408:
            return "request_timeout";
        case 413:
            return "content_too_large";
        case 431:
            return "headers_too_large";
        case 500:
            return "internal";
        case 503:
            return "too_many_connections";
        default:
            return "invalid_argument";
    }
}

}  // namespace

server_response problem(int status, std::string_view detail) {
    const auto title = reason(status);
    const auto code = problem_code(status);
    const boost::json::object document{{"type", "about:blank"},
                                       {"title", boost::json::string_view{title.data(), title.size()}},
                                       {"status", status},
                                       {"code", boost::json::string_view{code.data(), code.size()}},
                                       {"detail", boost::json::string_view{detail.data(), detail.size()}}};
    server_response response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "application/problem+json");
    response.body = boost::json::serialize(document);
    return response;
}

}  // namespace orchestrator::http
