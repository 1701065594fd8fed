// An HTTP/1.1 server: sockets, bounds and time limits. What is answered is the handler's business.
// Used by the orchestrator's API and by the platform simulator.
//
// Refuses what is too large (413, 431), too slow (408 or a closed connection) or not HTTP (400) before the handler
// sees it. A handler that throws gives a 500 problem document without the exception's text.
//
// When all connections are taken, the one that has been idle longest makes way for the next; while none is idle the
// next is answered 503. Without a descriptor it accepts nothing for a moment, and closes idle connections.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/http/shortage.h"
#include "domain/time.h"
#include "ports/http_message.h"
#include "ports/task.h"

namespace orchestrator::http {

struct server_request {
    std::string method;  // as sent, for example "GET"
    std::string target;  // path and query, percent-encoded as sent
    http_headers headers;
    std::string body;
};

struct server_response {
    int status = 200;
    http_headers headers;  // Content-Length, Date, Connection and Transfer-Encoding are the server's
    std::string body;

    // Set for a stream: called again and again for the next piece, which is sent as one chunk at once.
    // nullopt ends the stream. It is called until then or until the client goes away or the server drains.
    std::function<task<std::optional<std::string>>()> next_chunk;

    // For the platform simulator, which misbehaves on purpose: when set, these bytes are written to the connection as
    // they are, in pieces of `raw_piece` bytes with `raw_pause` between them, and the connection is closed.
    std::optional<std::string> raw;
    std::size_t raw_piece = 1 << 16;
    milliseconds raw_pause{0};
};

struct server_limits {
    std::size_t max_connections = 4'096;
    std::size_t max_header_bytes = 16 << 10;
    std::size_t max_body_bytes = 1 << 20;
    milliseconds idle_timeout{75'000};     // between requests of one connection
    milliseconds request_timeout{15'000};  // from the first byte of a request to its last
    milliseconds write_timeout{30'000};    // for each answer, or each chunk of a stream
};

// For people and monitors.
struct server_figures {
    std::size_t connections = 0;
    std::size_t max_connections = 0;
    std::optional<shortage> lacking;  // nothing could be accepted, since when and why
};

using request_handler = std::function<task<server_response>(server_request)>;

class server {
  public:
    // Binds and listens at once. Port 0 takes a free one. Throws std::runtime_error with the address when it cannot.
    server(asio::io_context& context, const std::string& address, unsigned short port, request_handler handler,
           server_limits limits = {});
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] unsigned short port() const;

    // Accepts until drain. Called once, on the context's thread or before it runs.
    void start();

    // No new connection; idle ones are closed; requests under way may end until `deadline`, then they are cut.
    // Streams end at once. Returns when the last connection is gone. On the context's thread. A handler that is still
    // busy then goes on by itself, and its answer is dropped.
    task<> drain(steady_time deadline);

    // From any thread.
    [[nodiscard]] server_figures figures() const;

  private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace orchestrator::http
