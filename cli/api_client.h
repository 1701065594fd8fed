// The orchestrator's HTTP API as plain calls: one request, one JSON document or one readable failure.
#pragma once

#include <boost/json.hpp>

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "cli/blocking_loop.h"
#include "cli/exit_code.h"
#include "ports/http_client.h"

namespace orchestrator::cli {

struct api_request {
    http_method method = http_method::get;
    std::string path;                                          // below /api/v1/orchestrator, already percent-encoded
    std::vector<std::pair<std::string, std::string>> query{};  // without those whose value is empty
    std::string body{};                                        // JSON; empty: none
    http_headers headers{};
};

struct api_answer {
    int status = 0;
    boost::json::value body;  // null for an empty answer
};

struct api_failure {
    exit_code code;
    std::string message;  // for the person: the problem document, or why there is no answer
};

using api_result = std::expected<api_answer, api_failure>;

class api_client {
  public:
    // Both outlive the client.
    api_client(blocking_loop& loop, http_client& http, http_origin server);

    // At most 10 s.
    [[nodiscard]] api_result try_send(const api_request&);
    // The same; a failure ends the command.
    api_answer send(const api_request&);

  private:
    api_failure no_answer(const api_request&, const http_failure&) const;

    blocking_loop& loop_;
    http_client& http_;
    http_origin server_;
};

// Everything but the unreserved characters of RFC 3986 percent-encoded: for a segment of a path or a query value.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace orchestrator::cli
