// Two ways for coroutines of one thread to wait for each other. Neither loses a wake-up.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/require.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>

#include "ports/clock.h"
#include "ports/task.h"

namespace orchestrator {

// Suspends the calling coroutine; `take_resume` gets a function that resumes it, later, through its executor.
template <class TakeResume>
task<> suspend(TakeResume take_resume) {
    return asio::async_initiate<const asio::use_awaitable_t<executor>, void()>(
        [](auto handler, TakeResume take) {
            take(std::move_only_function<void()>{[handler = std::move(handler)]() mutable {
                // What asio::post does, without looking for the handler's executor once more.
                const auto where =
                    asio::require(asio::get_associated_executor(handler), asio::execution::blocking.never);
                where.execute(std::move(handler));
            }});
        },
        use_task, std::move(take_resume));
}

// One waiter that sleeps until a time or a notification, whichever is first. For the loops of the engine.
class wake_signal {
  public:
    explicit wake_signal(clock& time) : time_{time} {}

    void notify() {
        notified_ = true;
        if (sleeper_) sleeper_->request_stop();
    }

    // Returns at once if a notification came since the last return.
    task<> wait_until(steady_time until) {
        busy_since_ = nobody;
        if (!notified_) {
            sleeper_.emplace();
            co_await time_.sleep_until(until, sleeper_->get_token());
            sleeper_.reset();
        }
        notified_ = false;
        busy_since_ = time_.steady_now().time_since_epoch().count();
    }

    // The waiter, which has not slept for a while, has done something all the same.
    void note_progress() { busy_since_ = time_.steady_now().time_since_epoch().count(); }

    // When the waiter came back from its last sleep; nullopt: it sleeps, or never has. From any thread.
    [[nodiscard]] std::optional<steady_time> busy_since() const {
        const auto since = busy_since_.load();
        if (since == nobody) return std::nullopt;
        return steady_time{steady_duration{since}};
    }

  private:
    static constexpr steady_time::rep nobody = steady_time::max().time_since_epoch().count();

    clock& time_;
    bool notified_ = false;
    std::optional<std::stop_source> sleeper_;
    std::atomic<steady_time::rep> busy_since_ = nobody;
};

}  // namespace orchestrator
