// A call in flight: see call.h.
#include "adapters/http/call.h"

#include <boost/asio/redirect_error.hpp>

namespace orchestrator::http {

http_failure call::failure() const {
    const auto fault = fault_.value_or(http_fault::cancelled);
    return {fault, fault == http_fault::timed_out ? "no complete answer before the deadline" : "stopped by the caller"};
}

void call::end(http_fault fault) {
    if (fault_) return;
    fault_ = fault;
    if (socket_) close_now(*socket_);
    ring();
}

void call::expire(steady_time now) {
    if (now >= total_) return end(http_fault::timed_out);
    deadline = total_;
    if (socket_) close_now(*socket_);
}

task<> call::park(steady_time limit) {
    if (!bell_) bell_.emplace(context_);
    bell_->expires_at(limit);
    error_code ignored;
    co_await bell_->async_wait(asio::redirect_error(use_task, ignored));
}

void call::ring() {
    if (bell_) bell_->cancel();
}

call::socket_use::socket_use(call& owner, tcp_socket& socket, steady_time attempt) : owner_{owner} {
    owner_.socket_ = &socket;
    owner_.deadline = std::min(owner_.total_, attempt);
}

call::socket_use::~socket_use() {
    owner_.socket_ = nullptr;
    owner_.deadline = owner_.total_;
}

}  // namespace orchestrator::http
