// The server with a handler that can do anything, and raw clients, for the tests of the server.
#pragma once

#include <gmock/gmock.h>

#include <memory>

#include "adapters/http/server.h"
#include "tests/contract/http_fixture.h"

namespace orchestrator::http_test {

// What the handler of these tests knows and notes.
struct service {
    asio::io_context* context;
    std::vector<http::server_request> requests;
    int pieces_asked = 0;
    bool stream_cancelled = false;
    bool slow_ended = false;
};

// A stream that counts, one piece each 10 ms, up to `last`; behind that it waits for ever.
struct counting_stream {
    service* seen;
    int last;
    bool endless;

    task<std::optional<std::string>> operator()() const {
        if (seen->pieces_asked == last && !endless) co_return std::nullopt;
        asio::steady_timer timer{*seen->context, milliseconds{seen->pieces_asked == last ? 3'600'000 : 10}};
        error_code error;
        co_await timer.async_wait(asio::redirect_error(use_task, error));
        if (error) seen->stream_cancelled = true;
        co_return "piece " + std::to_string(++seen->pieces_asked) + "\n";
    }
};

inline task<std::optional<std::string>> broken_stream() {
    throw std::runtime_error{"a secret"};
    co_return std::nullopt;
}

inline task<http::server_response> handle(service* seen, http::server_request request) {
    seen->requests.push_back(request);
    http::server_response response;
    response.headers.emplace_back("Content-Type", "text/plain");
    if (request.target == "/throw") throw std::runtime_error{"a secret"};
    if (request.target == "/split") response.headers.emplace_back("X-Name", "a\r\nSet-Cookie: b");
    if (request.target == "/empty") response.status = 204;
    if (request.target == "/stream") response.next_chunk = counting_stream{seen, 3, false};
    if (request.target == "/endless") response.next_chunk = counting_stream{seen, 1, true};
    if (request.target == "/broken") response.next_chunk = broken_stream;
    if (request.target == "/raw") {
        response.raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
        response.raw_piece = 20;
        response.raw_pause = milliseconds{5};
    }
    if (request.target == "/slow") {
        co_await pause(*seen->context, milliseconds{150});
        seen->slow_ended = true;
    }
    response.body = request.method + " " + request.target + " " + request.body;
    co_return response;
}

struct conversation {
    std::string sent;
    milliseconds patience{2'000};  // how long to read when the server does not close
    std::size_t piece = 1 << 20;   // bytes at a time
    milliseconds piece_pause{0};
};

struct heard {
    std::string text;
    bool closed = false;  // by the server
    bool operator==(const heard&) const = default;
};

class http_server_test : public testing::Test {
  protected:
    http::server& start(http::server_limits limits = {}) {
        service* known = &seen;
        server_ = std::make_unique<http::server>(
            context, "127.0.0.1", static_cast<unsigned short>(0),
            [known](http::server_request request) { return handle(known, std::move(request)); }, limits);
        server_->start();
        return *server_;
    }
    http::server& server() { return *server_; }

    static task<> send(asio::io_context& context, raw_socket& socket, const conversation& talk) {
        error_code error;
        for (std::size_t at = 0; at < talk.sent.size() && !error; at += talk.piece) {
            const auto piece = talk.sent.substr(at, talk.piece);
            co_await asio::async_write(socket, asio::buffer(piece), asio::redirect_error(use_task, error));
            if (talk.piece_pause > milliseconds{0}) co_await pause(context, talk.piece_pause);
        }
    }

    // Sends, then reads until the server closes or the patience ends.
    static task<heard> converse(asio::io_context* context, unsigned short port, conversation talk) {
        raw_socket socket{*context};
        co_await socket.async_connect({asio::ip::make_address("127.0.0.1"), port}, use_task);
        co_await send(*context, socket, talk);
        asio::steady_timer limit{*context, talk.patience};
        limit.async_wait([&socket](error_code error) {
            if (!error) socket.cancel();
        });
        heard result;
        error_code error;
        co_await asio::async_read(socket, asio::dynamic_buffer(result.text), asio::redirect_error(use_task, error));
        limit.cancel();
        result.closed = error != asio::error::operation_aborted;
        co_return result;
    }

    heard talk(conversation what) { return run(context, converse(&context, server_->port(), std::move(what))); }
    heard talk(std::string sent) { return talk(conversation{std::move(sent)}); }

    static std::string get(const std::string& target, const std::string& fields = "") {
        return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    }
    static std::string get_and_close(const std::string& target) { return get(target, "Connection: close\r\n"); }

    task<bool> drained(milliseconds limit) {
        co_await server_->drain(in(limit));
        co_return true;
    }

    // Opens a conversation that goes on while the test does something else.
    void begin(std::string sent, std::optional<heard>* result) {
        asio::co_spawn(context, converse(&context, server_->port(), conversation{std::move(sent)}),
                       [result](const std::exception_ptr&, heard got) { *result = std::move(got); });
        run_for(context, milliseconds{50});
    }

    asio::io_context context{1};
    service seen{&context, {}};

  private:
    std::unique_ptr<http::server> server_;
};

}  // namespace orchestrator::http_test
