// What the tests of the HTTP client and of the HTTP server share: running a coroutine within a bound, and raw peers
// that can misbehave as no library would.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <string>
#include <vector>

#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator::http_test {

using boost::system::error_code;
using tcp = asio::ip::tcp;
using raw_socket = asio::basic_stream_socket<tcp, executor>;
using raw_acceptor = asio::basic_socket_acceptor<tcp, executor>;

inline steady_time in(milliseconds span) { return std::chrono::steady_clock::now() + span; }

// Runs the context until the coroutine has ended; a test that hangs fails instead.
template <class T>
T run(asio::io_context& context, task<T> work) {
    std::optional<T> result;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
        thrown = error;
        result.emplace(std::move(value));
    });
    context.restart();
    const auto limit = in(milliseconds{20'000});
    while (!result && std::chrono::steady_clock::now() < limit) context.run_one_for(milliseconds{100});
    if (thrown) std::rethrow_exception(thrown);
    if (!result) throw std::runtime_error{"the coroutine did not end"};
    return std::move(*result);
}

inline task<> pause(asio::io_context& context, milliseconds span) {
    asio::steady_timer timer{context, span};
    co_await timer.async_wait(use_task);
}

inline void run_for(asio::io_context& context, milliseconds span) {
    context.restart();
    context.run_for(span);
}

// One answer of a scripted server: sent when a whole request has arrived.
struct scripted_answer {
    std::string bytes;
    std::size_t piece = 1 << 20;  // bytes at a time
    milliseconds piece_pause{0};
    bool then_close = false;
    std::string later{};  // sent without being asked, a little after the answer
};

inline scripted_answer closing(std::string bytes) {
    scripted_answer answer{std::move(bytes)};
    answer.then_close = true;
    return answer;
}

// Plays one list of answers for each connection, the last list for all further ones. Behind its list a connection
// reads on and stays silent. Outlives neither the context nor the test.
class scripted_server {
  public:
    using script = std::vector<scripted_answer>;

    scripted_server(asio::io_context& context, std::vector<script> scripts)
        : context_{context},
          acceptor_{context, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}},
          scripts_{std::move(scripts)} {
        asio::co_spawn(context, accept(this), asio::detached);
    }

    [[nodiscard]] std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }

    std::size_t connections = 0;
    std::vector<std::string> requests;  // head and body, in the order of their arrival

  private:
    static task<> accept(scripted_server* self) {
        for (;;) {
            error_code error;
            auto socket = co_await self->acceptor_.async_accept(asio::redirect_error(use_task, error));
            if (error) {  // a test took all descriptors
                co_await pause(self->context_, milliseconds{10});
                continue;
            }
            const auto& script = self->scripts_[std::min(self->connections++, self->scripts_.size() - 1)];
            asio::co_spawn(self->context_, serve(self, std::move(socket), script), asio::detached);
        }
    }

    static task<> serve(scripted_server* self, raw_socket socket, script answers) {
        std::string buffer;
        for (const auto& answer : answers) {
            if (!co_await read_request(self, socket, buffer)) co_return;
            co_await send(self->context_, socket, answer);
            if (answer.then_close) co_return;
        }
        while (co_await read_request(self, socket, buffer)) {
        }
    }

    static task<bool> read_request(scripted_server* self, raw_socket& socket, std::string& buffer) {
        error_code error;
        auto head = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n",
                                                    asio::redirect_error(use_task, error));
        if (error) co_return false;
        const auto length = content_length(buffer.substr(0, head));
        if (buffer.size() < head + length)
            co_await asio::async_read(socket, asio::dynamic_buffer(buffer),
                                      asio::transfer_at_least(head + length - buffer.size()),
                                      asio::redirect_error(use_task, error));
        if (error) co_return false;
        self->requests.push_back(buffer.substr(0, head + length));
        buffer.erase(0, head + length);
        co_return true;
    }

    static std::size_t content_length(const std::string& head) {
        const auto at = head.find("Content-Length: ");
        return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    }

    static task<> send(asio::io_context& context, raw_socket& socket, const scripted_answer& answer) {
        error_code error;
        for (std::size_t at = 0; at < answer.bytes.size() && !error; at += answer.piece) {
            const auto piece = answer.bytes.substr(at, answer.piece);
            co_await asio::async_write(socket, asio::buffer(piece), asio::redirect_error(use_task, error));
            if (answer.piece_pause > milliseconds{0}) co_await pause(context, answer.piece_pause);
        }
        if (answer.later.empty()) co_return;
        co_await pause(context, milliseconds{20});
        co_await asio::async_write(socket, asio::buffer(answer.later), asio::redirect_error(use_task, error));
    }

    asio::io_context& context_;
    raw_acceptor acceptor_;
    std::vector<script> scripts_;
};

}  // namespace orchestrator::http_test
