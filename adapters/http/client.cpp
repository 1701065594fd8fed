// One call after the other: a place in the pool, a connection, the request out, the answer in. The path of a call on
// a kept connection is: render, one send, one receive, parse; everything else is the exception.
#include "adapters/http/client.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>

#include <map>
#include <stop_token>
#include <tuple>

#include "adapters/http/call.h"
#include "adapters/http/connection_pool.h"
#include "adapters/http/connector.h"
#include "adapters/http/content_coding.h"
#include "adapters/http/message_head.h"
#include "adapters/http/response_reader.h"

namespace orchestrator::http {
namespace {

constexpr std::size_t shared_buffer_size = 64 << 10;  // bytes
constexpr milliseconds shortest_shortage_pause{20};
constexpr milliseconds longest_shortage_pause{500};

struct stop_call {
    call* stopped;
    void operator()() const noexcept { stopped->end(http_fault::cancelled); }
};

// Compares with an origin without copying it; the base path is no part of where the connection leads.
struct pool_key {
    std::string scheme, host, port;
};

struct pool_order {
    using is_transparent = void;
    static auto tied(const auto& key) { return std::tie(key.host, key.port, key.scheme); }
    bool operator()(const auto& a, const auto& b) const { return tied(a) < tied(b); }
};

}  // namespace

result<void> check_ca_file(const std::string& path) {
    boost::system::error_code failed;
    asio::ssl::context context{asio::ssl::context::tls_client};
    context.load_verify_file(path, failed);
    if (!failed) return {};
    const bool is_readable = failed.category() != boost::system::system_category();
    return fail(errc::invalid_argument, is_readable ? "there is no certificate in it" : failed.message());
}

struct client::state {
    state(asio::io_context& io, client_options chosen)
        : context{io},
          options{std::move(chosen)},
          sweep{std::make_shared<deadline_sweep>(io, options.deadline_resolution)},
          opener{io, options.resolve, options.ca_file},
          budget{std::make_shared<connection_budget>(io, options.max_connections, options.idle_timeout)},
          incoming(shared_buffer_size) {}

    // How an exchange on one connection ended. `lost` and `malformed` leave the connection useless.
    enum class exchange_end { complete, lost, malformed };

    static task<http_result> send(std::shared_ptr<state> self, const http_request& request);
    task<std::expected<connection_ptr, http_failure>> open(const http_origin&, call&);
    task<exchange_end> exchange(const http_request&, call&, connection&, response_reader&);
    task<> send_rest(call&, connection&, std::string rest);
    received behind(std::string_view rest, received got);
    task<received> receive_secured(connection&, std::string_view rest);
    exchange_end finish(const received&, const connection&, response_reader&);

    connection_pool& pool_of(const http_origin&);
    void close();

    asio::io_context& context;
    client_options options;
    std::shared_ptr<deadline_sweep> sweep;
    connector opener;
    shortage_record lacking;
    std::shared_ptr<connection_budget> budget;
    std::map<pool_key, connection_pool, pool_order> pools;
    std::string outgoing;        // the request that is being rendered and sent, until the socket takes no more
    std::vector<char> incoming;  // shared by all connections: see socket.h
};

client::client(asio::io_context& context, client_options options)
    : state_{std::make_shared<state>(context, std::move(options))} {}

client::~client() {
    close();
    state_->opener.close();
}

task<http_result> client::send(const http_request& request) { return state::send(state_, request); }

void client::close() { state_->close(); }

client_figures client::figures() const {
    const auto& budget = *state_->budget;
    return {.connections = budget.open(),
            .max_connections = state_->options.max_connections,
            .waiting = budget.waiting(),
            .lacking = state_->lacking.current()};
}

task<http_result> client::state::send(std::shared_ptr<state> self, const http_request& request) {
    if (request.stop.stop_requested())
        co_return std::unexpected{http_failure{http_fault::cancelled, "stopped by the caller"}};
    if (auto flaw = find_flaw(request))
        co_return std::unexpected{http_failure{http_fault::malformed_response, "not sent: " + *flaw}};
    call call{self->context, *self->sweep, request.deadline};
    std::optional<std::stop_callback<stop_call>> on_stop;
    if (request.stop.stop_possible()) on_stop.emplace(request.stop, stop_call{&call});
    const auto now = std::chrono::steady_clock::now();
    if (now >= request.deadline) call.end(http_fault::timed_out);

    auto& pool = self->pool_of(*request.origin);
    auto place = pool.try_take(now);
    if (!place) place = co_await pool.wait_for_place(call);
    if (!place && call.is_late())
        co_return std::unexpected{http_failure{http_fault::exhausted, "no connection was free before the deadline"}};
    for (;;) {
        if (call.ended()) co_return std::unexpected{call.failure()};
        const bool reused = place.is_connected();
        if (!reused) {
            auto opened = co_await self->open(*request.origin, call);
            if (!opened) co_return std::unexpected{std::move(opened.error())};
            place.connect(std::move(*opened));
        }
        response_reader reader{request.max_body};
        const auto end = co_await self->exchange(request, call, place.link(), reader);
        if (end == exchange_end::complete) {
            if (!call.ended() && reader.reusable()) place.keep(std::chrono::steady_clock::now());
            auto answer = reader.take();
            if (auto fit = unpack(answer, request.max_body); !fit)
                co_return std::unexpected{http_failure{http_fault::malformed_response, std::move(fit.error())}};
            co_return answer;
        }
        if (call.ended()) co_return std::unexpected{call.failure()};
        if (end == exchange_end::malformed)
            co_return std::unexpected{
                http_failure{http_fault::malformed_response, "the answer is not HTTP or its header is too long"}};
        if (!reused || reader.got_some())
            co_return std::unexpected{
                http_failure{http_fault::connection_lost, "the connection ended before the answer was complete"}};
        place.disconnect();  // and once more on a new one
    }
}

// Until it opens, or for as long as patience lasts. Whoever waits for a descriptor when its deadline passes has not
// been kept waiting by the service.
task<std::expected<connection_ptr, http_failure>> client::state::open(const http_origin& origin, call& call) {
    const auto patient_until = std::chrono::steady_clock::now() + options.shortage_patience;
    for (auto pause = shortest_shortage_pause;; pause = std::min(pause * 2, longest_shortage_pause)) {
        auto opened = co_await opener.open(origin, call);
        if (opened) lacking.clear();
        if (opened || opened.error().fault != http_fault::exhausted) co_return opened;
        lacking.note(opened.error().detail);
        if (std::chrono::steady_clock::now() >= patient_until) co_return opened;
        if (!budget->close_longest_idle()) co_await call.park(std::chrono::steady_clock::now() + pause);
        if (call.is_late()) co_return opened;
        if (call.ended()) co_return std::unexpected{call.failure()};
    }
}

task<client::state::exchange_end> client::state::exchange(const http_request& request, call& call, connection& link,
                                                          response_reader& reader) {
    const call::socket_use use{call, link.socket};
    // Something may have arrived since the connection was handed to us: it is no answer to this request.
    if (!link.tls && !link.arriving.is_empty()) co_return exchange_end::lost;
    render_request(outgoing, request, options.user_agent);
    std::string_view unsent{outgoing};
    // A refused write is no reason to give up: the peer may have answered before it closed.
    if (link.tls || send_now(link.socket, unsent) == asio::error::would_block)
        co_await send_rest(call, link, std::string{unsent});

    for (;;) {
        if (call.ended()) co_return exchange_end::lost;
        received got;
        if (link.tls) {
            got = co_await receive_secured(link, reader.rest());
        } else {
            link.arriving.watch(link.socket);
            if (link.arriving.is_empty()) co_await link.arriving.wait();
            got = behind(reader.rest(), link.arriving.take());
        }
        if (got.error) co_return finish(got, link, reader);
        const auto progress = reader.feed(got.bytes);
        if (progress == response_reader::progress::complete) co_return exchange_end::complete;
        if (progress == response_reader::progress::malformed) co_return exchange_end::malformed;
    }
}

task<> client::state::send_rest(call& call, connection& link, std::string rest) {
    error_code error;
    if (link.tls) {
        co_await asio::async_write(*link.tls, asio::buffer(rest), asio::redirect_error(use_task, error));
        co_return;
    }
    std::string_view unsent{rest};
    do {
        co_await link.socket.async_wait(tcp_socket::wait_write, asio::redirect_error(use_task, error));
        if (error || call.ended()) co_return;
    } while (send_now(link.socket, unsent) == asio::error::would_block);
}

// One piece with what the parser could not use yet.
received client::state::behind(std::string_view rest, received got) {
    if (rest.empty()) return got;
    const auto end = std::ranges::copy(got.bytes, std::ranges::copy(rest, incoming.begin()).out).out;
    got.bytes = {incoming.begin(), end};
    return got;
}

task<received> client::state::receive_secured(connection& link, std::string_view rest) {
    // Of its own, for as long as it waits: while it does, others use the shared one.
    std::array<char, 4096> piece;
    received got;
    const auto count =
        co_await link.tls->async_read_some(asio::buffer(piece), asio::redirect_error(use_task, got.error));
    const auto end = std::copy_n(piece.begin(), count, std::copy(rest.begin(), rest.end(), incoming.begin()));
    got.bytes = {incoming.begin(), end};
    if (count > 0) got.error = {};
    co_return got;
}

client::state::exchange_end client::state::finish(const received& got, const connection& link,
                                                  response_reader& reader) {
    // Under TLS an end without close_notify is also reported as another error: somebody may have cut the body.
    const bool closed_in_order = got.error == asio::error::eof;
    if (!closed_in_order || !reader.got_some()) return exchange_end::lost;
    if (link.tls && !reader.ends_with_connection()) return exchange_end::lost;
    return reader.finish() == response_reader::progress::complete ? exchange_end::complete : exchange_end::lost;
}

connection_pool& client::state::pool_of(const http_origin& origin) {
    if (const auto found = pools.find(origin); found != pools.end()) return found->second;
    std::erase_if(pools, [](const auto& entry) { return entry.second.is_unused(); });
    const pool_limits limits{options.max_connections_per_origin, options.max_idle_per_origin};
    return pools.try_emplace(pool_key{origin.scheme, origin.host, origin.port}, limits, *budget).first->second;
}

void client::state::close() {
    for (auto& [key, pool] : pools) pool.drop_idle();
    sweep->each([](deadline_sweep::entry& entry) { static_cast<call&>(entry).end(http_fault::cancelled); });
}

}  // namespace orchestrator::http
