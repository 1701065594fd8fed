// Renders requests and answers as bytes, and refuses names and values that would let a caller write a second header
// or a second message (RFC 9110 section 5.5, RFC 9112 sections 2.2 and 11.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/server.h"
#include "ports/http_client.h"

namespace orchestrator::http {

// What must not be sent about this request, as a sentence without its values; nullopt when all is well.
[[nodiscard]] std::optional<std::string> find_flaw(const http_request&);

// Head and body, replacing what `out` held. The request has no flaw.
void render_request(std::string& out, const http_request&, std::string_view user_agent);

// A header of an answer that a handler may set: well-formed, and not one of the server's own.
[[nodiscard]] bool is_sendable(std::string_view name, std::string_view value);

struct response_frame {
    bool keep_alive = true;
    bool http_1_0 = false;      // the request's version
    bool chunked = false;       // a stream; its body follows as chunks
    bool until_close = false;   // a stream to HTTP/1.0: its end is the connection's end
    bool without_body = false;  // the answer to HEAD
};

// Status line, headers and, unless it is a stream, the body.
[[nodiscard]] std::string render_response(const server_response&, const response_frame&);

// RFC 9457, about:blank.
[[nodiscard]] server_response problem(int status, std::string_view detail);

}  // namespace orchestrator::http
