// The threads: see lookup_threads.h.
#include "adapters/http/lookup_threads.h"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace orchestrator::http {
namespace {

resolved_name out_of_memory() { return {{}, {ENOMEM, boost::system::system_category()}}; }

}  // namespace

struct lookup_threads::shared {
    struct job {
        std::string host, port;
        callback done;
    };

    // With the guard held: the context may end as soon as it is not.
    void answer(job asked, resolved_name resolved) {
        if (!context) return;
        asio::post(*context, [done = std::move(asked.done), resolved = std::move(resolved)]() mutable {
            done(std::move(resolved));
        });
    }

    std::mutex guard;
    std::condition_variable changed;
    asio::io_context* context = nullptr;  // nullptr: nobody wants answers any more
    resolve_function resolve;
    std::size_t most = 0;
    std::size_t threads = 0;
    std::size_t idle = 0;
    std::deque<job> queue;  // no longer than there are names: see name_lookup
};

lookup_threads::lookup_threads(asio::io_context& context, resolve_function resolve, std::size_t most)
    : shared_{std::make_shared<shared>()} {
    shared_->context = &context;
    shared_->resolve = std::move(resolve);
    shared_->most = most;
}

lookup_threads::~lookup_threads() {
    const std::scoped_lock lock{shared_->guard};
    shared_->context = nullptr;
    shared_->queue.clear();
    shared_->changed.notify_all();
}

void lookup_threads::look_up(std::string host, std::string port, callback done) {
    const std::scoped_lock lock{shared_->guard};
    shared_->queue.push_back({std::move(host), std::move(port), std::move(done)});
    if (shared_->idle >= shared_->queue.size()) return shared_->changed.notify_one();
    if (shared_->threads >= shared_->most) return;
    try {
        std::thread{work, shared_}.detach();
        ++shared_->threads;
    } catch (const std::system_error&) {
        if (shared_->threads > 0) return;
        auto refused = std::move(shared_->queue.back());
        shared_->queue.pop_back();
        shared_->answer(std::move(refused), out_of_memory());
    }
}

void lookup_threads::work(std::shared_ptr<shared> own) {
    std::unique_lock lock{own->guard};
    for (;;) {
        ++own->idle;
        own->changed.wait(lock, [&] { return !own->queue.empty() || !own->context; });
        --own->idle;
        if (!own->context) return;
        auto next = std::move(own->queue.front());
        own->queue.pop_front();
        lock.unlock();
        resolved_name resolved;
        try {
            resolved = own->resolve(next.host, next.port);
        } catch (...) {
            resolved = out_of_memory();
        }
        lock.lock();
        own->answer(std::move(next), std::move(resolved));
    }
}

}  // namespace orchestrator::http
