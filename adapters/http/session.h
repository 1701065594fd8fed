// One connection of the server, from accept to close: reads requests within the limits, asks the handler, writes what
// it answers. Its deadline is an entry of the server's sweep; passing it cancels what the socket does.
#pragma once

#include <memory>
#include <string>

#include "adapters/http/deadline_sweep.h"
#include "adapters/http/message_head.h"
#include "adapters/http/request_reader.h"
#include "adapters/http/socket.h"
#include "adapters/http/stream_pull.h"

namespace orchestrator::http {

// What the sessions of one server share.
struct session_setting {
    asio::io_context& context;
    const request_handler& handler;
    const server_limits& limits;
    std::span<char> incoming;  // shared: see socket.h
    const bool& draining;
};

class session final : public deadline_sweep::entry {
  public:
    session(session_setting setting, tcp_socket socket) : setting_{setting}, socket_{std::move(socket)} {}

    // Until the connection ends, in whichever way. Throws nothing.
    task<> serve();

    // Instead of serve(): answers 503 at once and closes.
    task<> refuse();

    // Between two requests; `deadline` tells since when.
    [[nodiscard]] bool is_idle() const { return phase_ == phase::idle && !cut_; }

    // An idle connection is closed, a stream is ended, anything else goes on and then closes.
    void drain();

    // Ends whatever is under way.
    void cut();

    void expire(steady_time now) override;

  private:
    enum class phase { idle, reading, handling, writing, streaming, closing };

    task<bool> serve_one();
    task<int> read_request(request_reader&);
    task<bool> answer(server_response, const request_reader&, bool head_only);
    task<bool> send_stream(server_response, response_frame);
    task<> send_raw(const server_response&);
    task<> refuse_request(int status);
    task<server_response> ask_handler(server_request);
    task<bool> write(std::string_view bytes);
    task<> close_gently();
    void enter(phase, milliseconds limit);
    void enter_without_limit(phase);

    session_setting setting_;
    tcp_socket socket_;
    std::string rest_;  // received and not used yet
    std::shared_ptr<stream_pull> stream_;
    phase phase_ = phase::idle;
    bool expired_ = false;  // the present phase's time has passed
    bool cut_ = false;
};

}  // namespace orchestrator::http
