#include "cli/blocking_loop.h"

#include <boost/asio/steady_timer.hpp>

#include <csignal>

namespace orchestrator::cli {

void blocking_loop::catch_signals() {
    if (signals_) return;
    signals_.emplace(context_, SIGINT, SIGTERM);
    signals_->async_wait([this](const boost::system::error_code& failed, int number) {
        if (failed) return;
        signal_ = number;
        stop_.request_stop();
    });
}

void blocking_loop::pause(milliseconds duration) {
    if (interrupted()) return;
    bool done = false;
    asio::steady_timer timer{context_, duration};
    timer.async_wait([&](const boost::system::error_code&) { done = true; });
    const std::stop_callback wake{stop_.get_token(), [&] { timer.cancel(); }};
    run_until(done);
}

// Not context_.run(): the signal handler and the client's sweep stay behind as work that never ends.
void blocking_loop::run_until(const bool& done) {
    while (!done) {
        if (context_.stopped()) context_.restart();
        context_.run_one();
    }
}

}  // namespace orchestrator::cli
