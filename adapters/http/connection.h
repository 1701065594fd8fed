// A connection of the client.
#pragma once

#include <boost/asio/ssl/stream.hpp>

#include <memory>

#include "adapters/http/inbox.h"
#include "adapters/http/socket.h"
#include "domain/time.h"

namespace orchestrator::http {

using tls_stream = asio::ssl::stream<tcp_socket&>;

struct connection {
    explicit connection(asio::io_context& context) : socket{context} {}

    // Neither closed by the peer nor holding bytes that nobody asked for.
    [[nodiscard]] bool is_quiet() { return tls ? http::is_quiet(socket) : arriving.is_empty(); }
    // Between calls. False: there is something that nobody asked for.
    [[nodiscard]] bool rest() {
        if (tls) return true;
        if (arriving.may_have_more() && !http::is_quiet(socket)) return false;
        arriving.watch(socket);
        return true;
    }

    tcp_socket socket;                // non-blocking
    inbox arriving;                   // of a plain connection
    std::unique_ptr<tls_stream> tls;  // null: plain; refers to socket
    steady_time idle_since{};
};

using connection_ptr = std::unique_ptr<connection>;

}  // namespace orchestrator::http
