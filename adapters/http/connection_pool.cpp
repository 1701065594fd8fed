// The pool of one origin: see connection_pool.h.
#include "adapters/http/connection_pool.h"

#include <algorithm>

namespace orchestrator::http {

connection_pool::place& connection_pool::place::operator=(place&& other) noexcept {
    if (this == &other) return *this;
    release();
    pool_ = std::exchange(other.pool_, nullptr);
    connection_ = std::move(other.connection_);
    return *this;
}

void connection_pool::place::keep(steady_time now) {
    connection_->idle_since = now;
    if (!connection_->rest()) return release();
    std::exchange(pool_, nullptr)->give_back(std::move(connection_));
}

void connection_pool::place::release() {
    connection_.reset();
    if (pool_) std::exchange(pool_, nullptr)->give_back({});
}

connection_pool::place connection_pool::try_take(steady_time now) {
    while (!idle_.empty()) {
        auto open = std::move(idle_.back());
        idle_.pop_back();
        if (now - open->idle_since < limits_.idle_timeout && open->is_quiet()) return place{*this, std::move(open)};
        --places_;
    }
    if (places_ >= limits_.max_connections) return {};
    ++places_;
    return place{*this};
}

task<connection_pool::place> connection_pool::wait_for_place(call& call) {
    waiter self{call};
    waiters_.push_back(self);
    while (!self.granted && !call.ended()) co_await call.park();
    co_return std::move(self.granted);
}

void connection_pool::give_back(connection_ptr open) {
    while (!waiters_.empty()) {
        auto& next = waiters_.front();
        waiters_.pop_front();
        if (next.owner.ended()) continue;
        if (open && !open->is_quiet()) open.reset();
        next.granted = place{*this, std::move(open)};
        return next.owner.ring();
    }
    if (!open || limits_.max_idle == 0) {
        --places_;
        return;
    }
    if (idle_.size() >= limits_.max_idle) drop_oldest(1);
    idle_.push_back(std::move(open));
}

void connection_pool::drop_idle_before(steady_time limit) {
    const auto young = std::ranges::find_if(idle_, [&](const auto& open) { return open->idle_since >= limit; });
    drop_oldest(static_cast<std::size_t>(young - idle_.begin()));
}

void connection_pool::drop_oldest(std::size_t count) {
    idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(count));
    places_ -= count;
}

}  // namespace orchestrator::http
