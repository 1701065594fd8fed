// Sockets, and operations on them that never wait. Used by the client and the server.
//
// Bytes of the server and of TLS connections are received into a buffer that all connections of a thread share, so that
// a connection that waits owns none; only what the parser could not use yet (a piece of a header) is kept by the
// connection.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <span>
#include <string_view>

#include "ports/task.h"

namespace orchestrator::http {

using boost::system::error_code;
using tcp = asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;

struct received {
    std::string_view bytes;  // `rest` and what arrived after it
    error_code error;        // would_block: nothing there; eof: the peer has closed
};

// The bytes that are there, behind `rest`. The buffer is the larger by far: `rest` is a piece of a bounded header.
[[nodiscard]] received receive_now(tcp_socket&, std::span<char> shared_buffer, std::string_view rest);

// Writes what the socket takes and shortens `bytes` by it. would_block when something is left.
[[nodiscard]] error_code send_now(tcp_socket&, std::string_view& bytes);

// Neither closed by the peer nor holding bytes that nobody asked for.
[[nodiscard]] bool is_quiet(tcp_socket&);

void close_now(tcp_socket&);

}  // namespace orchestrator::http
