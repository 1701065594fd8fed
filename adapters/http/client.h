// The http_client port on Boost.Asio sockets and Boost.Beast's parser.
//
// One client belongs to one thread (its io_context). For each origin it keeps a pool of connections that are used
// again, last in first out; over all origins there is one bound. Deadlines are watched by one sweep over the calls in
// flight, not by a timer for each call: timers on a saturated io_context are late and cost a microsecond apiece. An
// idle connection is closed when its time is over, when the peer closes it, or to make room for another origin; until
// then it keeps the context running, or until close().
//
// When this process has no descriptor, port or memory left, a call first closes idle connections, then waits for a
// while, and only then fails with `exhausted`: that says nothing about the service.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "adapters/http/resolve_name.h"
#include "adapters/http/shortage.h"
#include "domain/error.h"
#include "ports/http_client.h"

namespace orchestrator::http {

struct client_options {
    std::size_t max_connections = 4'096;             // over all origins; a call beyond it waits, within its deadline
    std::size_t max_connections_per_origin = 4'096;  // likewise
    std::size_t max_idle_per_origin = 512;
    milliseconds idle_timeout{30'000};      // below the usual keep-alive of servers
    milliseconds deadline_resolution{10};   // a call is ended at most this late
    milliseconds shortage_patience{5'000};  // for so long a call waits when nothing can be opened
    resolve_function resolve;               // blocks, on a thread of its own; empty: the system's resolver
    std::string ca_file;                    // PEM; empty: the system's certificates
    std::string user_agent = "bakery-orchestrator/" ORCHESTRATOR_VERSION;
};

// invalid_argument: no certificate of an authority can be read from it; the message says why.
[[nodiscard]] result<void> check_ca_file(const std::string& path);

// For people and monitors.
struct client_figures {
    std::size_t connections = 0;  // idle ones included
    std::size_t max_connections = 0;
    int waiting = 0;                  // calls that wait for one
    std::optional<shortage> lacking;  // nothing could be opened, since when and why
};

class client final : public http_client {
  public:
    explicit client(asio::io_context& context, client_options options = {});
    ~client() override;

    task<http_result> send(const http_request&) override;

    // Closes every idle connection and ends the calls in flight with `cancelled`.
    void close();

    // From any thread.
    [[nodiscard]] client_figures figures() const;

  private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace orchestrator::http
