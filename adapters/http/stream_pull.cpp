// The interruptible wait for a stream's next piece: see stream_pull.h.
#include "adapters/http/stream_pull.h"

#include <sys/socket.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>

namespace orchestrator::http {

void stream_pull::watch(tcp_socket& socket) {
    socket.async_wait(tcp_socket::wait_read, [weak = weak_from_this(), &socket](error_code error) {
        const auto self = weak.lock();
        // Once stopped, the socket may be gone although this wait succeeded before.
        if (self && !error && !self->stopped_) self->look_at(socket);
    });
}

// Bytes of a next request are left alone, and then nobody looks any more: a failing write has to tell.
void stream_pull::look_at(tcp_socket& socket) {
    char byte = 0;
    const auto count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return watch(socket);
    peer_gone_ = true;
    stop();
}

task<std::optional<std::string>> stream_pull::next() {
    if (stopped_) co_return std::nullopt;
    arrived_ = false;
    // The completion holds the signal for as long as anything may refer to its slot.
    const auto self = shared_from_this();
    asio::co_spawn(context_.get_executor(), pull(self),
                   asio::bind_cancellation_slot(cancel_.slot(), [self](const std::exception_ptr&) {}));
    while (!arrived_ && !stopped_) {
        error_code ignored;
        bell_.expires_at(never);
        co_await bell_.async_wait(asio::redirect_error(use_task, ignored));
    }
    if (arrived_ && !stopped_) co_return std::move(piece_);
    if (!arrived_) cancel_.emit(asio::cancellation_type::terminal);
    co_return std::nullopt;
}

void stream_pull::stop() {
    stopped_ = true;
    bell_.cancel();
}

task<> stream_pull::pull(std::shared_ptr<stream_pull> self) {
    try {
        self->piece_ = co_await self->next_();
    } catch (...) {
        self->piece_.reset();
        self->failed_ = true;
    }
    self->arrived_ = true;
    self->bell_.cancel();
}

}  // namespace orchestrator::http
