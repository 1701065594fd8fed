// One call of the client while it is in flight: how its deadline, its stop token and client::close() reach whatever it
// waits for. Ending it closes its socket or rings its bell; the coroutine then finds `ended()` and returns.
#pragma once

#include <optional>

#include "adapters/http/connection.h"
#include "adapters/http/deadline_sweep.h"
#include "ports/http_client.h"

namespace orchestrator::http {

class call final : public deadline_sweep::entry {
  public:
    call(asio::io_context& context, deadline_sweep& sweep, steady_time total) : context_{context}, total_{total} {
        deadline = total;
        sweep.add(*this);
    }

    [[nodiscard]] bool ended() const { return fault_.has_value(); }
    [[nodiscard]] bool is_late() const { return fault_ == http_fault::timed_out; }
    [[nodiscard]] http_failure failure() const;
    [[nodiscard]] steady_time total_deadline() const { return total_; }

    void end(http_fault);
    void expire(steady_time now) override;

    // Waits until rung or ended, or until `limit`. May return early: the caller checks what it waits for in a loop.
    task<> park(steady_time limit = never);
    void ring();

    // While it lives, the call's end closes this socket; so does `attempt`, which does not end the call.
    class socket_use {
      public:
        socket_use(call& owner, tcp_socket& socket, steady_time attempt = never);
        ~socket_use();
        socket_use(const socket_use&) = delete;
        socket_use& operator=(const socket_use&) = delete;

      private:
        call& owner_;
    };

  private:
    asio::io_context& context_;
    steady_time total_;
    tcp_socket* socket_ = nullptr;
    std::optional<steady_timer> bell_;  // made by the few calls that have to wait for something else than a socket
    std::optional<http_fault> fault_;
};

}  // namespace orchestrator::http
