// Runs one coroutine after the other to its end on a private io_context: the commands are written as plain calls.
// A command that waits catches Ctrl-C here, so that it ends a call or a pause at once and the terminal is put in order.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include <exception>
#include <optional>
#include <stop_token>

#include "cli/pacing.h"
#include "ports/task.h"

namespace orchestrator::cli {

class blocking_loop final : public pacing {
  public:
    [[nodiscard]] asio::io_context& context() { return context_; }

    // From now on SIGINT and SIGTERM no longer end the program, but are noted.
    void catch_signals();
    // The number of the signal that arrived; 0 while there was none.
    [[nodiscard]] int signal() const { return signal_; }
    [[nodiscard]] bool interrupted() const override { return signal_ != 0; }
    [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }

    [[nodiscard]] steady_time steady_now() const override { return std::chrono::steady_clock::now(); }
    void pause(milliseconds) override;

    // Rethrows what the coroutine throws.
    template <class T>
    T run(task<T> work);

  private:
    void run_until(const bool& done);

    asio::io_context context_{1};
    std::optional<asio::basic_signal_set<executor>> signals_;
    std::stop_source stop_;
    int signal_ = 0;
};

template <class T>
T blocking_loop::run(task<T> work) {
    bool done = false;
    std::exception_ptr thrown;
    std::optional<T> result;
    asio::co_spawn(context_, std::move(work), [&](std::exception_ptr exception, T value) {
        thrown = std::move(exception);
        result = std::move(value);
        done = true;
    });
    run_until(done);
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
}

}  // namespace orchestrator::cli
