// An io_context on a thread of its own, so that a busy engine does not slow a read. Used by serve.
#pragma once

#include <boost/asio/executor_work_guard.hpp>

#include <future>
#include <thread>

#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator::server {

class own_thread {
  public:
    void start() {
        thread_ = std::thread{[this] {
            context_.run();
            ended_.set_value();
        }};
    }
    // True: whatever went on here has ended by itself, and no other thread has anything to tell it any more.
    bool finish(steady_time latest) {
        work_.reset();
        const bool ended = !thread_.joinable() || ended_.get_future().wait_until(latest) == std::future_status::ready;
        if (ended) stop();
        return ended;
    }
    void stop() {
        work_.reset();
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }
    ~own_thread() { stop(); }
    asio::io_context& context() { return context_; }

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<executor> work_{context_.get_executor()};
    std::promise<void> ended_;
    std::thread thread_;
};

}  // namespace orchestrator::server
