// A thread with a queue, which runs the work of a blocking client library for coroutines elsewhere. Their coroutine is
// resumed through their own executor.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "ports/task.h"

namespace orchestrator::blocking {

class worker {
  public:
    worker();
    // Ends when the queue is empty.
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    // Runs `work` on the thread and returns what it returns. It must not throw; it may use what the caller holds.
    template <class Work>
    auto run(Work work) -> task<std::invoke_result_t<Work&>> {
        using value = std::invoke_result_t<Work&>;
        std::optional<value> answer;
        co_await asio::async_initiate<const asio::use_awaitable_t<executor>, void()>(
            [this, &work, &answer](auto handler) {
                enqueue([this, &work, &answer, handler = std::move(handler)]() mutable {
                    answer.emplace(work());
                    const auto where = asio::get_associated_executor(handler);
                    const std::scoped_lock posting{posting_};
                    asio::post(where, std::move(handler));
                });
            },
            use_task);
        // The caller may destroy its io_context next: not before the thread has let go of it.
        {
            const std::scoped_lock posted{posting_};
        }
        co_return std::move(*answer);
    }

  private:
    void enqueue(std::move_only_function<void()> job);
    void work_until_stopped();

    std::mutex guard_;
    std::mutex posting_;
    std::condition_variable arrived_;
    std::deque<std::move_only_function<void()>> jobs_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace orchestrator::blocking
