// Opens connections: name resolution, TCP to the first address that answers, TLS. Used by the client only.
//
// Literal addresses are not looked up. A lookup is shared by the calls that wait for it, because the system's
// resolver handles one name at a time, and its answer is used for a few seconds.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/http/call.h"

namespace orchestrator::http {

class connector {
  public:
    // Throws when ca_file is set and cannot be read.
    connector(asio::io_context&, const std::string& ca_file);

    // connect_failed, tls_failed, or the reason for which the call has ended.
    task<std::expected<connection_ptr, http_failure>> open(const http_origin&, call&);

  private:
    using addresses = std::vector<tcp::endpoint>;
    struct lookup;
    struct lookup_wait;

    std::shared_ptr<lookup> find_lookup(const http_origin&);
    void start_lookup(const http_origin&, const std::shared_ptr<lookup>&);
    task<std::expected<addresses, http_failure>> resolve(const http_origin&, call&);
    task<std::expected<connection_ptr, http_failure>> connect(addresses, const http_origin&, call&);
    task<error_code> connect_one(connection&, tcp::endpoint, steady_time attempt, call&);
    task<error_code> secure(connection&, const std::string& host, call&);
    asio::ssl::context& tls();

    asio::io_context& context_;
    asio::ip::basic_resolver<tcp, executor> resolver_;
    std::map<std::pair<std::string, std::string>, std::shared_ptr<lookup>> lookups_;  // by host and port
    std::unique_ptr<asio::ssl::context> tls_;  // made for the first https call: loading certificates takes a while
    std::string ca_file_;
};

}  // namespace orchestrator::http
