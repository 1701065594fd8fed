// A connection of the client.
#pragma once

#include <boost/asio/ssl/stream.hpp>

#include <memory>

#include "adapters/http/inbox.h"
#include "adapters/http/socket.h"
#include "domain/time.h"

namespace orchestrator::http {

using tls_stream = asio::ssl::stream<tcp_socket&>;

class connection;

// Who keeps idle connections.
class idle_keeper {
  public:
    // The peer has closed, or has sent what nobody asked for: the connection is of no more use. Destroys it.
    virtual void spoilt(connection&) = 0;

  protected:
    ~idle_keeper() = default;
};

class connection final : arrival_listener {
  public:
    explicit connection(asio::io_context& context) : socket{context} {}
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    // Neither closed by the peer nor holding bytes that nobody asked for.
    [[nodiscard]] bool is_quiet() { return tls ? http::is_quiet(socket) : arriving.is_empty(); }
    // Between calls. False: there is something that nobody asked for.
    [[nodiscard]] bool rest() {
        if (tls) return true;
        if (arriving.may_have_more() && !http::is_quiet(socket)) return false;
        arriving.watch(socket);
        return true;
    }

    // From now on `keeper` is told when something arrives; nullptr: nobody any more, a call takes the connection.
    void be_kept_by(idle_keeper* keeper) {
        keeper_ = keeper;
        if (tls)
            watch_secured();
        else
            arriving.listen(keeper ? this : nullptr);
    }

    tcp_socket socket;                // non-blocking
    inbox arriving;                   // of a plain connection
    std::unique_ptr<tls_stream> tls;  // null: plain; refers to socket
    steady_time idle_since{};

  private:
    struct secured_watch;

    void arrived() override { keeper_->spoilt(*this); }
    void watch_secured();

    idle_keeper* keeper_ = nullptr;
    std::shared_ptr<secured_watch> secured_;  // null: not waited for
};

using connection_ptr = std::unique_ptr<connection>;

}  // namespace orchestrator::http
