// One connection of the server: see session.h.
#include "adapters/http/session.h"

#include <boost/asio/redirect_error.hpp>

#include <fmt/format.h>

namespace orchestrator::http {
namespace {

constexpr milliseconds refusal_timeout{1'000};  // for an answer that the client may not want to read

std::string_view refusal_detail(int status) {
    switch (status) {
        case 408:
            return "The request was not complete in time.";
        case 413:
            return "The body is larger than this service accepts.";
        case 431:
            return "The header is larger than this service accepts.";
        case 503:
            return "Too many connections; try again later.";
        default:
            return "The request is not well-formed HTTP.";
    }
}

// A handler that builds headers from what it was sent must not be able to split the answer.
bool is_sendable_response(const server_response& response) {
    if (response.status < 200 || response.status > 999) return false;
    return std::ranges::all_of(response.headers,
                               [](const auto& field) { return is_sendable(field.first, field.second); });
}

server_response failed_response() { return problem(500, "The request could not be handled."); }

}  // namespace

void session::enter(phase next, milliseconds limit) {
    phase_ = next;
    expired_ = false;
    deadline = std::chrono::steady_clock::now() + limit;
}

void session::enter_without_limit(phase next) {
    phase_ = next;
    expired_ = false;
    deadline = never;
}

void session::expire(steady_time) {
    expired_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void session::drain() {
    if (phase_ == phase::idle) cut();
    if (stream_) stream_->stop();
}

void session::cut() {
    cut_ = true;
    close_now(socket_);
    if (stream_) stream_->stop();
}

task<> session::serve() {
    // Whatever is thrown here is the end of this connection alone: memory ran out or the context is being stopped.
    try {
        while (!setting_.draining && co_await serve_one()) {
        }
    } catch (...) {
    }
    cut();
}

// True when the connection may carry another request.
task<bool> session::serve_one() {
    request_reader reader{setting_.limits};
    const int refused = co_await read_request(reader);
    if (cut_ || refused < 0) co_return false;
    if (refused > 0) {
        co_await refuse_request(refused);
        co_return false;
    }
    enter_without_limit(phase::handling);
    const bool head_only = reader.request().method == "HEAD";
    auto response = co_await ask_handler(reader.take());
    if (cut_) co_return false;
    co_return co_await answer(std::move(response), reader, head_only);
}

// 0: complete; -1: the connection has ended or was idle for too long; otherwise the status of the refusal.
task<int> session::read_request(request_reader& reader) {
    enter(phase::idle, setting_.limits.idle_timeout);
    std::string_view bytes{rest_};  // what a client sent that did not wait for the answer before
    for (;;) {
        if (const int refused = reader.feed(bytes); refused != 0) co_return refused;
        rest_ = std::string{bytes};
        if (reader.complete()) co_return 0;
        if (phase_ == phase::idle && reader.has_begun()) enter(phase::reading, setting_.limits.request_timeout);
        if (reader.takes_continue() && !co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return -1;
        received got;
        co_await socket_.async_wait(tcp_socket::wait_read, asio::redirect_error(use_task, got.error));
        if (cut_) co_return -1;
        if (expired_) co_return phase_ == phase::idle ? -1 : 408;
        if (!got.error) got = receive_now(socket_, setting_.incoming, rest_);
        if (got.error && got.error != asio::error::would_block) co_return -1;
        bytes = got.error ? std::string_view{} : got.bytes;
    }
}

task<server_response> session::ask_handler(server_request request) {
    try {
        auto response = co_await setting_.handler(std::move(request));
        if (response.raw || is_sendable_response(response)) co_return response;
    } catch (...) {
    }
    co_return failed_response();
}

task<bool> session::answer(server_response response, const request_reader& reader, bool head_only) {
    if (response.raw) {
        co_await send_raw(response);
        co_return false;
    }
    response_frame frame{.keep_alive = reader.keep_alive() && !setting_.draining,
                         .http_1_0 = reader.is_http_1_0(),
                         .without_body = head_only};
    if (response.next_chunk) {
        frame.chunked = !frame.http_1_0;
        frame.until_close = frame.http_1_0;
        if (frame.until_close) frame.keep_alive = false;
        co_return co_await send_stream(std::move(response), frame);
    }
    enter(phase::writing, setting_.limits.write_timeout);
    if (!co_await write(render_response(response, frame))) co_return false;
    if (!frame.keep_alive) co_await close_gently();
    co_return frame.keep_alive;
}

task<bool> session::send_stream(server_response response, response_frame frame) {
    enter(phase::streaming, setting_.limits.write_timeout);
    if (!co_await write(render_response(response, frame))) co_return false;
    if (frame.without_body) co_return frame.keep_alive;
    stream_ = std::make_shared<stream_pull>(setting_.context, std::move(response.next_chunk));
    stream_->watch(socket_);
    if (setting_.draining) stream_->stop();
    bool writable = true;
    while (writable && !cut_) {
        enter_without_limit(phase::streaming);
        auto piece = co_await stream_->next();
        if (!piece) break;
        if (piece->empty()) continue;  // an empty chunk would end the body
        enter(phase::streaming, setting_.limits.write_timeout);
        const auto framed = frame.chunked ? fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece) : std::move(*piece);
        writable = co_await write(framed);
    }
    const auto stream = std::exchange(stream_, nullptr);
    stream->stop();
    // A body without its last chunk tells the client that the stream broke off.
    if (!writable || cut_ || stream->peer_gone() || stream->failed()) co_return false;
    error_code ignored;
    socket_.cancel(ignored);
    enter(phase::writing, setting_.limits.write_timeout);
    if (frame.chunked && !co_await write("0\r\n\r\n")) co_return false;
    co_return frame.keep_alive;
}

task<> session::send_raw(const server_response& response) {
    std::string_view left{*response.raw};
    const auto piece_size = std::max<std::size_t>(response.raw_piece, 1);
    steady_timer pause{setting_.context};
    while (!left.empty() && !cut_) {
        enter(phase::writing, setting_.limits.write_timeout);
        const auto piece = left.substr(0, piece_size);
        left.remove_prefix(piece.size());
        if (!co_await write(piece)) co_return;
        if (left.empty() || response.raw_pause <= milliseconds{0}) continue;
        enter_without_limit(phase::handling);
        pause.expires_after(response.raw_pause);
        co_await pause.async_wait(use_task);
    }
    error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
}

task<> session::refuse() {
    try {
        co_await refuse_request(503);
    } catch (...) {
    }
    cut();
}

task<> session::refuse_request(int status) {
    enter(phase::closing, refusal_timeout);
    const response_frame frame{.keep_alive = false};
    if (co_await write(render_response(problem(status, refusal_detail(status)), frame))) co_await close_gently();
}

// False when the connection is of no more use.
task<bool> session::write(std::string_view bytes) {
    auto error = send_now(socket_, bytes);
    while (error == asio::error::would_block && !expired_ && !cut_) {
        co_await socket_.async_wait(tcp_socket::wait_write, asio::redirect_error(use_task, error));
        if (!error) error = send_now(socket_, bytes);
    }
    co_return !error && !cut_;
}

// Reads and drops what the client still sends: closing at once would reset the connection, and the client might lose
// the answer (RFC 9112 section 9.6).
task<> session::close_gently() {
    enter(phase::closing, refusal_timeout);
    error_code error;
    socket_.shutdown(tcp_socket::shutdown_send, error);
    while (!error && !expired_ && !cut_) {
        co_await socket_.async_wait(tcp_socket::wait_read, asio::redirect_error(use_task, error));
        if (error || expired_ || cut_) co_return;
        error = receive_now(socket_, setting_.incoming, {}).error;
        if (error == asio::error::would_block) error = {};
    }
}

}  // namespace orchestrator::http
