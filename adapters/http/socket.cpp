// Operations on a socket that never wait: see socket.h.
#include "adapters/http/socket.h"

#include <sys/socket.h>

#include <cerrno>

namespace orchestrator::http {

received receive_now(tcp_socket& socket, std::span<char> shared_buffer, std::string_view rest) {
    std::copy(rest.begin(), rest.end(), shared_buffer.begin());
    const auto space = shared_buffer.subspan(rest.size());
    received result;
    const auto count = socket.read_some(asio::buffer(space.data(), space.size()), result.error);
    result.bytes = {shared_buffer.data(), rest.size() + count};
    return result;
}

error_code send_now(tcp_socket& socket, std::string_view& bytes) {
    error_code error;
    while (!bytes.empty() && !error) bytes.remove_prefix(socket.write_some(asio::buffer(bytes), error));
    return error;
}

bool is_quiet(tcp_socket& socket) {
    char byte = 0;
    const auto count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void close_now(tcp_socket& socket) {
    error_code ignored;
    socket.close(ignored);
}

}  // namespace orchestrator::http
