// Opening connections: see connector.h.
#include "adapters/http/connector.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include "adapters/http/shortage.h"

namespace orchestrator::http {
namespace {

http_failure failure_of(http_fault fault, const http_origin& origin, const error_code& error) {
    return {fault, fmt::format("{}:{}: {}", origin.host, origin.port, error.message())};
}

// A machine that is gone closes nothing. After 15 s of silence its system is asked, and after 15 more the call fails,
// instead of waiting for its timeout of minutes.
void notice_lost_peers(int socket) {
    const auto set = [socket](int level, int option, int value) {
        ::setsockopt(socket, level, option, &value, sizeof value);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

}  // namespace

connector::connector(asio::io_context& context, resolve_function resolve, const std::string& ca_file)
    : context_{context}, names_{context, std::move(resolve)}, ca_file_{ca_file} {
    if (!ca_file_.empty()) tls();
}

task<std::expected<connection_ptr, http_failure>> connector::open(const http_origin& origin, call& call) {
    auto found = co_await names_.find(origin, call);
    if (!found) co_return std::unexpected{std::move(found.error())};
    auto opened = co_await connect(std::move(*found), origin, call);
    if (!opened || origin.scheme != "https") co_return opened;
    const auto error = co_await secure(**opened, origin.host, call);
    if (call.ended()) co_return std::unexpected{call.failure()};
    if (!error) co_return opened;
    // Certificates are read from files, and what cannot be read is reported as an issuer that is not known.
    if (const auto none_left = try_descriptor())
        co_return std::unexpected{failure_of(http_fault::exhausted, origin, none_left)};
    co_return std::unexpected{failure_of(http_fault::tls_failed, origin, error)};
}

// Each address gets an equal share of the time that is left, so that one that drops packets does not use up all of it.
task<std::expected<connection_ptr, http_failure>> connector::connect(name_lookup::addresses found,
                                                                     const http_origin& origin, call& call) {
    error_code error = asio::error::host_not_found;
    auto left = static_cast<int>(found.size());
    for (const auto& address : found) {
        const auto now = std::chrono::steady_clock::now();
        const auto attempt = left > 1 ? now + (call.total_deadline() - now) / left : never;
        --left;
        auto opened = std::make_unique<connection>(context_);
        error = co_await connect_one(*opened, address, attempt, call);
        if (call.ended()) co_return std::unexpected{call.failure()};
        if (!error) co_return opened;
        if (is_shortage(error, address)) co_return std::unexpected{failure_of(http_fault::exhausted, origin, error)};
    }
    co_return std::unexpected{failure_of(http_fault::connect_failed, origin, error)};
}

task<error_code> connector::connect_one(connection& opened, tcp::endpoint address, steady_time attempt, call& call) {
    error_code error;
    opened.socket.open(address.protocol(), error);
    if (error) co_return error;
    const call::socket_use use{call, opened.socket, attempt};
    co_await opened.socket.async_connect(address, asio::redirect_error(use_task, error));
    if (error == asio::error::operation_aborted && !call.ended()) co_return asio::error::timed_out;
    if (error) co_return error;
    opened.socket.set_option(tcp::no_delay{true}, error);
    notice_lost_peers(opened.socket.native_handle());
    opened.socket.non_blocking(true, error);
    co_return error;
}

task<error_code> connector::secure(connection& opened, const std::string& host, call& call) {
    opened.tls = std::make_unique<tls_stream>(opened.socket, tls());
    opened.tls->set_verify_mode(asio::ssl::verify_peer);
    opened.tls->set_verify_callback(asio::ssl::host_name_verification{host});
    error_code error;
    asio::ip::make_address(host, error);
    // RFC 6066 section 3: a literal address is not a server name.
    if (error && !SSL_set_tlsext_host_name(opened.tls->native_handle(), host.c_str()))
        co_return asio::error::invalid_argument;
    const call::socket_use use{call, opened.socket};
    co_await opened.tls->async_handshake(tls_stream::client, asio::redirect_error(use_task, error));
    co_return error;
}

asio::ssl::context& connector::tls() {
    if (tls_) return *tls_;
    auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    if (ca_file_.empty())
        made->set_default_verify_paths();
    else
        made->load_verify_file(ca_file_);
    tls_ = std::move(made);
    return *tls_;
}

}  // namespace orchestrator::http
