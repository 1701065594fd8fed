// The http_client port on Boost.Asio sockets and Boost.Beast's parser.
//
// One client belongs to one thread (its io_context). For each origin it keeps a pool of connections that are used
// again, last in first out. Deadlines are watched by one sweep over the calls in flight, not by a timer for each call:
// timers on a saturated io_context are late and cost a microsecond apiece. Idle connections that are too old are closed
// when a later call looks, at most once a second: a client without calls keeps no timer, but an idle connection
// listens, so that its context runs until close() or the peer's goodbye.
#pragma once

#include <cstddef>
#include <memory>

#include "domain/error.h"
#include "ports/http_client.h"

namespace orchestrator::http {

struct client_options {
    std::size_t max_connections_per_origin = 4'096;  // a call beyond it waits, within its deadline
    std::size_t max_idle_per_origin = 512;
    milliseconds idle_timeout{30'000};     // below the usual keep-alive of servers
    milliseconds deadline_resolution{10};  // a call is ended at most this late
    std::string ca_file;                   // PEM; empty: the system's certificates
    std::string user_agent = "bakery-orchestrator/" ORCHESTRATOR_VERSION;
};

// invalid_argument: no certificate of an authority can be read from it; the message says why.
[[nodiscard]] result<void> check_ca_file(const std::string& path);

class client final : public http_client {
  public:
    explicit client(asio::io_context& context, client_options options = {});
    ~client() override;

    task<http_result> send(const http_request&) override;

    // Closes every idle connection and ends the calls in flight with `cancelled`.
    void close();

  private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace orchestrator::http
