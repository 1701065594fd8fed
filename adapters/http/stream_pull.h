// Asks a handler's stream for its next piece while something else may end the wait: the client went away or the server
// drains. The handler's coroutine then gets a cancellation and may end on its own time; what it needs stays alive.
// Used by a session of the server.
#pragma once

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <string>

#include "adapters/http/deadline_sweep.h"
#include "adapters/http/server.h"
#include "adapters/http/socket.h"

namespace orchestrator::http {

class stream_pull : public std::enable_shared_from_this<stream_pull> {
  public:
    using source = std::function<task<std::optional<std::string>>()>;

    stream_pull(asio::io_context& context, source next) : context_{context}, bell_{context}, next_{std::move(next)} {}

    // From now on the peer's end of the connection ends the stream. The socket outlives the stream or is closed.
    void watch(tcp_socket&);

    // The next piece; nullopt when the stream has ended or was stopped.
    task<std::optional<std::string>> next();

    // Ends the wait. Also if nobody waits: the next one returns at once.
    void stop();

    [[nodiscard]] bool failed() const { return failed_; }  // the source threw
    [[nodiscard]] bool peer_gone() const { return peer_gone_; }

  private:
    static task<> pull(std::shared_ptr<stream_pull> self);
    void look_at(tcp_socket&);

    asio::io_context& context_;
    steady_timer bell_;
    source next_;
    asio::cancellation_signal cancel_;
    std::optional<std::string> piece_;
    bool arrived_ = false;
    bool stopped_ = false;
    bool failed_ = false;
    bool peer_gone_ = false;
};

}  // namespace orchestrator::http
