// What arrives on a plain connection of the client. A read is always under way, also while the connection is idle: so
// what nobody asked for, and the peer's goodbye, are known before the next request is sent, without asking the kernel
// for each call. Asio answers such a read with one system call when something has arrived, and with none before.
#pragma once

#include <boost/asio/async_result.hpp>

#include <array>
#include <functional>
#include <memory>

#include "adapters/http/socket.h"

namespace orchestrator::http {

class arrival_listener {
  public:
    virtual void arrived() = 0;

  protected:
    ~arrival_listener() = default;
};

class inbox {
  public:
    inbox() = default;
    ~inbox() { listen(nullptr); }
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;

    // Begins to read unless that is under way, or something has arrived that nobody has taken.
    void watch(tcp_socket& socket);

    // The last piece was as large as a piece may be: there may be more at the socket already.
    [[nodiscard]] bool may_have_more() const { return state_ && state_->count == state_->bytes.size(); }

    // Nothing has arrived since the last piece was taken.
    [[nodiscard]] bool is_empty() const { return !state_ || !state_->arrived; }

    // Until something has arrived, or the socket is closed. Only while it is watched and empty.
    task<> wait();

    // Told when something arrives while nobody waits for it; nullptr: nobody.
    void listen(arrival_listener* listener) {
        if (state_) state_->listener = listener;
    }

    // The next piece, or how the connection ended (operation_aborted: we closed it); in a buffer of ours that holds
    // until the next call of this class. Only when it is not empty.
    [[nodiscard]] received take();

  private:
    // Outlives the connection until the read has been told that its socket is closed.
    struct state {
        std::array<char, 4096> bytes;
        std::size_t count = 0;
        error_code error;
        bool reading = false;
        bool arrived = false;
        std::move_only_function<void()> resume;
        arrival_listener* listener = nullptr;
    };

    class arrival;

    std::shared_ptr<state> state_;
};

}  // namespace orchestrator::http
