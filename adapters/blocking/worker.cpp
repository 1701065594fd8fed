#include "adapters/blocking/worker.h"

namespace orchestrator::blocking {

worker::worker() : thread_{[this] { work_until_stopped(); }} {}

worker::~worker() {
    {
        const std::scoped_lock lock{guard_};
        stopping_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

void worker::enqueue(std::move_only_function<void()> job) {
    {
        const std::scoped_lock lock{guard_};
        jobs_.push_back(std::move(job));
    }
    arrived_.notify_one();
}

void worker::work_until_stopped() {
    for (;;) {
        std::unique_lock lock{guard_};
        arrived_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
    }
}

}  // namespace orchestrator::blocking
