// Accepting and draining: see server.h. A connection is a session.
#include "adapters/http/server.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

#include <atomic>
#include <new>
#include <stdexcept>

#include "adapters/http/session.h"

namespace orchestrator::http {
namespace {

constexpr milliseconds deadline_resolution{20};
constexpr milliseconds accept_pause{50};  // after an error such as EMFILE
constexpr milliseconds drain_poll{5};
constexpr milliseconds cut_grace{200};                // for the coroutines of connections that were cut
constexpr std::size_t shared_buffer_size = 64 << 10;  // bytes
constexpr std::size_t max_refusals = 64;  // connections beyond the bound that get a 503; more are just closed

// Counts a connection for as long as it lives.
struct connection_count {
    explicit connection_count(std::atomic<std::size_t>& count) : count_{count} { ++count_; }
    ~connection_count() { --count_; }
    connection_count(const connection_count&) = delete;
    connection_count& operator=(const connection_count&) = delete;

    std::atomic<std::size_t>& count_;
};

using acceptor = asio::basic_socket_acceptor<tcp, executor>;

}  // namespace

struct server::state {
    state(asio::io_context& io, request_handler chosen, server_limits bounds)
        : context{io},
          handler{std::move(chosen)},
          limits{bounds},
          listening{io},
          pause{io},
          sweep{std::make_shared<deadline_sweep>(io, deadline_resolution)},
          incoming(shared_buffer_size + bounds.max_header_bytes) {}

    void listen(const std::string& address, unsigned short port);
    static task<> accept(std::shared_ptr<state> self);
    static void admit(const std::shared_ptr<state>& self, tcp_socket);
    static task<> run(std::shared_ptr<state> self, tcp_socket);
    static task<> drain(std::shared_ptr<state> self, steady_time deadline);
    task<> wait_until_empty(steady_time limit);
    bool close_longest_idle();
    void stop_accepting();
    void cut_all();

    asio::io_context& context;
    request_handler handler;
    server_limits limits;
    acceptor listening;
    steady_timer pause;
    std::shared_ptr<deadline_sweep> sweep;
    std::vector<char> incoming;  // shared by all connections: see socket.h
    unsigned short port = 0;
    std::atomic<std::size_t> connections = 0;  // refused ones included
    shortage_record lacking;
    bool draining = false;
};

server::server(asio::io_context& context, const std::string& address, unsigned short port, request_handler handler,
               server_limits limits)
    : state_{std::make_shared<state>(context, std::move(handler), limits)} {
    state_->listen(address, port);
}

server::~server() {
    state_->stop_accepting();
    state_->cut_all();
}

unsigned short server::port() const { return state_->port; }

server_figures server::figures() const {
    return {.connections = state_->connections,
            .max_connections = state_->limits.max_connections,
            .lacking = state_->lacking.current()};
}

void server::start() { asio::co_spawn(state_->context, state::accept(state_), asio::detached); }

task<> server::drain(steady_time deadline) { return state::drain(state_, deadline); }

void server::state::listen(const std::string& address, unsigned short wanted) {
    try {
        const tcp::endpoint endpoint{asio::ip::make_address(address), wanted};
        listening.open(endpoint.protocol());
        listening.set_option(acceptor::reuse_address{true});
        listening.bind(endpoint);
        listening.listen(acceptor::max_listen_connections);
        port = listening.local_endpoint().port();
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error{fmt::format("cannot listen on {}:{}: {}", address, wanted, error.code().message())};
    }
}

task<> server::state::accept(std::shared_ptr<state> self) {
    while (!self->draining) {
        error_code error;
        auto socket = co_await self->listening.async_accept(asio::redirect_error(use_task, error));
        if (self->draining || !self->listening.is_open()) co_return;
        if (!error) {
            self->lacking.clear();
            admit(self, std::move(socket));
        } else if (error != asio::error::connection_aborted) {
            if (is_shortage(error)) self->lacking.note(error.message());
            self->close_longest_idle();
            self->pause.expires_after(accept_pause);
            co_await self->pause.async_wait(asio::redirect_error(use_task, error));
        }
    }
}

void server::state::admit(const std::shared_ptr<state>& self, tcp_socket socket) {
    if (self->connections >= self->limits.max_connections + max_refusals) return;
    error_code error;
    socket.set_option(tcp::no_delay{true}, error);
    socket.non_blocking(true, error);
    if (error) return;
    try {
        asio::co_spawn(self->context, run(self, std::move(socket)), asio::detached);
    } catch (const std::bad_alloc&) {
        // The end of this connection, not of accepting.
    }
}

task<> server::state::run(std::shared_ptr<state> self, tcp_socket socket) {
    session session{{self->context, self->handler, self->limits, self->incoming, self->draining}, std::move(socket)};
    self->sweep->add(session);
    const bool admitted = self->connections < self->limits.max_connections || self->close_longest_idle();
    const connection_count counted{self->connections};
    if (admitted)
        co_await session.serve();
    else
        co_await session.refuse();
}

// False: none is idle.
bool server::state::close_longest_idle() {
    session* longest = nullptr;
    sweep->each([&](deadline_sweep::entry& entry) {
        auto& each = static_cast<session&>(entry);
        if (each.is_idle() && each.deadline < (longest ? longest->deadline : never)) longest = &each;
    });
    if (longest) longest->cut();
    return longest != nullptr;
}

task<> server::state::drain(std::shared_ptr<state> self, steady_time deadline) {
    self->stop_accepting();
    self->sweep->each([](deadline_sweep::entry& entry) { static_cast<session&>(entry).drain(); });
    co_await self->wait_until_empty(deadline);
    self->cut_all();
    co_await self->wait_until_empty(std::chrono::steady_clock::now() + cut_grace);
}

task<> server::state::wait_until_empty(steady_time limit) {
    steady_timer poll{context};
    while (!sweep->empty() && std::chrono::steady_clock::now() < limit) {
        poll.expires_after(drain_poll);
        co_await poll.async_wait(use_task);
    }
}

void server::state::stop_accepting() {
    draining = true;
    error_code ignored;
    listening.close(ignored);
    pause.cancel();
}

void server::state::cut_all() {
    sweep->each([](deadline_sweep::entry& entry) { static_cast<session&>(entry).cut(); });
}

}  // namespace orchestrator::http
