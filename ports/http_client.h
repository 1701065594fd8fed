// Calls to other services. An implementation keeps connections alive, obeys a total deadline, never follows a
// redirect, and keeps at most `max_body` bytes of an answer.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "domain/time.h"
#include "ports/http_message.h"
#include "ports/task.h"

namespace orchestrator {

struct http_request {
    const http_origin* origin = nullptr;  // outlives the call
    http_method method = http_method::get;
    std::string target;              // path and query below the origin's base path, percent-encoded
    bool from_root = false;          // `target` is the whole path: no base path is put before it
    std::string body;                // sent as application/json unless empty
    http_headers headers;            // beside Host, Content-Type and Content-Length
    steady_time deadline;            // for everything: waiting for a connection, sending, and the whole answer
    std::size_t max_body = 1 << 20;  // bytes
    std::stop_token stop;            // requested on the client's own thread
};

// Path and query as they are asked for, from the server's root.
[[nodiscard]] std::string whole_target(const http_request&);

// Where the Location of an answer to this request leads (RFC 9110 section 10.2.2, RFC 3986 section 5): a target
// `from_root` on the same server. nullopt: to another server, or to what cannot be sent.
[[nodiscard]] std::optional<std::string> resolve_location(const http_request&, std::string_view location);

struct http_response {
    int status = 0;
    http_headers headers;
    std::string body;
    bool body_truncated = false;  // the answer was longer than max_body; the connection was closed
};

enum class http_fault {
    exhausted,           // this process has no descriptor, port or memory left: not the service's fault
    connect_failed,      // refused, unreachable, or the name is unknown
    tls_failed,          // the certificate or the handshake
    connection_lost,     // ended before the answer was complete
    malformed_response,  // not HTTP, or beyond the bounds of a header
    timed_out,           // the deadline passed
    cancelled,           // the caller's stop token
};

[[nodiscard]] std::string_view to_string(http_fault);

struct http_failure {
    http_fault fault;
    std::string detail;  // for the operator; holds nothing that the service sent
};

using http_result = std::expected<http_response, http_failure>;

class http_client {
  public:
    virtual ~http_client() = default;

    // Never throws for what the network or the service does. A request whose kept-alive connection turns out to be
    // closed before any byte of the answer is sent once more on a new one, with the same headers.
    virtual task<http_result> send(const http_request&) = 0;
};

}  // namespace orchestrator
