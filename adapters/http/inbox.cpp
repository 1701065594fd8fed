#include "adapters/http/inbox.h"

namespace orchestrator::http {

// The read's handler. Destroyed without a call it takes along who waits: that coroutine owns the connection, which owns
// the state.
class inbox::arrival {
  public:
    explicit arrival(std::shared_ptr<state> into) : into_{std::move(into)} {}
    arrival(arrival&&) = default;
    arrival& operator=(arrival&&) = delete;
    ~arrival() {
        if (into_) std::exchange(into_->resume, nullptr);
    }

    void operator()(error_code error, std::size_t count) {
        const auto kept = std::move(into_);
        kept->reading = false;
        kept->arrived = true;
        kept->error = error;
        kept->count = count;
        if (auto resume = std::exchange(kept->resume, nullptr))
            resume();
        else if (kept->listener)
            kept->listener->arrived();
    }

  private:
    std::shared_ptr<state> into_;
};

void inbox::watch(tcp_socket& socket) {
    if (!state_) state_ = std::make_shared<state>();
    if (state_->reading || state_->arrived) return;
    state_->reading = true;
    socket.async_read_some(asio::buffer(state_->bytes), arrival{state_});
}

task<> inbox::wait() {
    return asio::async_initiate<const asio::use_awaitable_t<executor>, void()>(
        [](auto handler, state& kept) {
            // Called by the arrival, which is on this thread already.
            kept.resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
        },
        use_task, std::ref(*state_));
}

received inbox::take() {
    state_->arrived = false;
    return {{state_->bytes.data(), state_->count}, state_->error};
}

}  // namespace orchestrator::http
