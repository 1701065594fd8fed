#include "platform_simulator/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace orchestrator::simulator {
namespace {

constexpr int pieces_per_second = 10;

http_headers headers_of(const planned_answer& planned) {
    http_headers headers{{"Content-Type", "application/json"}};
    if (!planned.retry_after.empty()) headers.emplace_back("Retry-After", planned.retry_after);
    if (!planned.location.empty()) headers.emplace_back("Location", planned.location);
    return headers;
}

// The whole message, but only the first `body_bytes` of its body.
std::string message_text(const planned_answer& planned, std::size_t body_bytes) {
    std::string text = fmt::format("HTTP/1.1 {} \r\n", planned.content.status);
    for (const auto& [name, value] : headers_of(planned)) text += fmt::format("{}: {}\r\n", name, value);
    text += fmt::format("Content-Length: {}\r\nConnection: close\r\n\r\n", planned.content.body.size());
    return text.append(planned.content.body, 0, body_bytes);
}

http::server_response raw_response(std::string text) {
    http::server_response response;
    response.raw = std::move(text);
    return response;
}

http::server_response slow_response(const planned_answer& planned) {
    auto response = raw_response(message_text(planned, planned.content.body.size()));
    const int pieces = std::min(pieces_per_second, planned.bytes_per_second);
    response.raw_piece = static_cast<std::size_t>(planned.bytes_per_second / pieces);
    response.raw_pause = milliseconds{1'000 / pieces};
    return response;
}

}  // namespace

http::server_response render(planned_answer planned) {
    switch (planned.how) {
        case delivery::never:
        case delivery::cut_off:
            return raw_response({});
        case delivery::slowly:
            return slow_response(planned);
        case delivery::half_of_it:
            return raw_response(message_text(planned, planned.content.body.size() / 2));
        case delivery::whole:
            break;
    }
    http::server_response response;
    response.status = planned.content.status;
    response.headers = headers_of(planned);
    response.body = std::move(planned.content.body);
    return response;
}

}  // namespace orchestrator::simulator
