// The addresses of hosts by name, for the connector. One look-up of a name serves all calls that wait for it; its
// answer is used for some seconds, a failure for fewer. A call waits no longer than it lives, whatever the resolver
// does.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/http/call.h"
#include "adapters/http/lookup_threads.h"

namespace orchestrator::http {

class name_lookup {
  public:
    using addresses = std::vector<tcp::endpoint>;

    name_lookup(asio::io_context&, resolve_function);

    // At least one. connect_failed; exhausted; or the reason for which the call has ended. A literal address is not
    // looked up.
    task<std::expected<addresses, http_failure>> find(const http_origin&, call&);

    // Answers no more. What is being looked up is left to its thread.
    void close() { threads_.reset(); }

  private:
    struct lookup;
    struct wait;

    std::shared_ptr<lookup> shared_lookup(const http_origin&);
    void start(const http_origin&, const std::shared_ptr<lookup>&);

    std::unique_ptr<lookup_threads> threads_;                                         // nullptr: closed
    std::map<std::pair<std::string, std::string>, std::shared_ptr<lookup>> lookups_;  // by host and port
};

}  // namespace orchestrator::http
