// What the API is asked and what it answers, as values. server/ converts them to and from those of the HTTP server,
// which also leaves the body of an answer to HEAD unsent.
#pragma once

#include <boost/json.hpp>

#include <functional>
#include <optional>
#include <string>

#include "ports/http_message.h"
#include "ports/task.h"

namespace orchestrator::api {

namespace json = boost::json;

struct request {
    std::string method;  // as sent, for example "GET"
    std::string target;  // path and query, percent-encoded as sent
    http_headers headers;
    std::string body;
};

struct response {
    int status = 200;
    http_headers headers{};
    std::string body{};

    // Set for a stream: gives the next piece; nullopt ends the stream. One call at a time.
    std::function<task<std::optional<std::string>>()> next_chunk{};
};

[[nodiscard]] response json_response(int status, const json::value& body);

}  // namespace orchestrator::api
