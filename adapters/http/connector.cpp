// Opening connections: see connector.h.
#include "adapters/http/connector.h"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include <algorithm>

namespace orchestrator::http {
namespace {

constexpr milliseconds lookup_lifetime{5'000};
constexpr std::size_t max_lookups = 1'024;

http_failure connect_failure(const http_origin& origin, const error_code& error) {
    return {http_fault::connect_failed, fmt::format("{}:{}: {}", origin.host, origin.port, error.message())};
}

unsigned short port_number(const std::string& text) {
    return static_cast<unsigned short>(std::strtoul(text.c_str(), nullptr, 10));
}

}  // namespace

struct connector::lookup {
    addresses found;
    error_code error;
    bool done = false;
    steady_time at{};
    std::vector<call*> waiting;

    [[nodiscard]] bool usable(steady_time now) const { return !done || (!error && now - at < lookup_lifetime); }
};

// Leaves the list however the wait ends.
struct connector::lookup_wait {
    lookup_wait(lookup& shared, call& waiting) : lookup_{shared}, call_{waiting} { lookup_.waiting.push_back(&call_); }
    ~lookup_wait() { std::erase(lookup_.waiting, &call_); }
    lookup_wait(const lookup_wait&) = delete;
    lookup_wait& operator=(const lookup_wait&) = delete;

    lookup& lookup_;
    call& call_;
};

connector::connector(asio::io_context& context, const std::string& ca_file)
    : context_{context}, resolver_{context}, ca_file_{ca_file} {
    if (!ca_file_.empty()) tls();
}

task<std::expected<connection_ptr, http_failure>> connector::open(const http_origin& origin, call& call) {
    auto found = co_await resolve(origin, call);
    if (!found) co_return std::unexpected{std::move(found.error())};
    auto opened = co_await connect(std::move(*found), origin, call);
    if (!opened || origin.scheme != "https") co_return opened;
    const auto error = co_await secure(**opened, origin.host, call);
    if (call.ended()) co_return std::unexpected{call.failure()};
    if (error)
        co_return std::unexpected{
            http_failure{http_fault::tls_failed, fmt::format("{}:{}: {}", origin.host, origin.port, error.message())}};
    co_return opened;
}

task<std::expected<connector::addresses, http_failure>> connector::resolve(const http_origin& origin, call& call) {
    error_code not_literal;
    const auto address = asio::ip::make_address(origin.host, not_literal);
    if (!not_literal) co_return addresses{{address, port_number(origin.port)}};
    const auto lookup = find_lookup(origin);
    const lookup_wait wait{*lookup, call};
    while (!lookup->done && !call.ended()) co_await call.park();
    if (call.ended()) co_return std::unexpected{call.failure()};
    if (lookup->error) co_return std::unexpected{connect_failure(origin, lookup->error)};
    co_return lookup->found;
}

std::shared_ptr<connector::lookup> connector::find_lookup(const http_origin& origin) {
    const auto now = std::chrono::steady_clock::now();
    if (lookups_.size() > max_lookups)
        std::erase_if(lookups_, [&](const auto& entry) { return !entry.second->usable(now); });
    auto& slot = lookups_[{origin.host, origin.port}];
    if (slot && slot->usable(now)) return slot;
    slot = std::make_shared<lookup>();
    start_lookup(origin, slot);
    return slot;
}

void connector::start_lookup(const http_origin& origin, const std::shared_ptr<lookup>& lookup) {
    resolver_.async_resolve(origin.host, origin.port,
                            [lookup](error_code error, const tcp::resolver::results_type& results) {
                                lookup->error = error;
                                for (const auto& result : results) lookup->found.push_back(result.endpoint());
                                lookup->at = std::chrono::steady_clock::now();
                                lookup->done = true;
                                for (auto* waiting : lookup->waiting) waiting->ring();
                            });
}

// Each address gets an equal share of the time that is left, so that one that drops packets does not use up all of it.
task<std::expected<connection_ptr, http_failure>> connector::connect(addresses found, const http_origin& origin,
                                                                     call& call) {
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
    }
    co_return std::unexpected{connect_failure(origin, error)};
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
