// Opens connections: the name's addresses, TCP to the first one that answers, TLS. Used by the client only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <expected>
#include <memory>
#include <string>

#include "adapters/http/call.h"
#include "adapters/http/name_lookup.h"

namespace orchestrator::http {

class connector {
  public:
    // Throws when ca_file is set and cannot be read.
    connector(asio::io_context&, resolve_function, const std::string& ca_file);

    // connect_failed; tls_failed; exhausted, whatever the peer; or the reason for which the call has ended.
    task<std::expected<connection_ptr, http_failure>> open(const http_origin&, call&);

    // No name is looked up any more.
    void close() { names_.close(); }

  private:
    task<std::expected<connection_ptr, http_failure>> connect(name_lookup::addresses, const http_origin&, call&);
    task<error_code> connect_one(connection&, tcp::endpoint, steady_time attempt, call&);
    task<error_code> secure(connection&, const std::string& host, call&);
    asio::ssl::context& tls();

    asio::io_context& context_;
    name_lookup names_;
    std::unique_ptr<asio::ssl::context> tls_;  // made for the first https call: loading certificates takes a while
    std::string ca_file_;
};

}  // namespace orchestrator::http
