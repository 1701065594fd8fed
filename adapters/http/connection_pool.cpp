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
        open->be_kept_by(nullptr);
        if (now - open->idle_since < budget_.idle_timeout() && open->is_quiet()) return place{*this, std::move(open)};
        open.reset();
        leave_place();
    }
    if (!has_room() || !budget_.try_take()) return {};
    ++places_;
    return place{*this};
}

task<connection_pool::place> connection_pool::wait_for_place(call& call) {
    waiter self{call, budget_};
    waiters_.push_back(self);
    while (!self.granted && !call.ended()) co_await call.park();
    co_return std::move(self.granted);
}

void connection_pool::give_back(connection_ptr open) {
    auto* const next = budget_.anybody_waits() ? budget_.next_in_turn(this) : nullptr;
    if (next == this) return grant(std::move(open));
    if (next || !open || limits_.max_idle == 0) {
        open.reset();
        return leave_place();
    }
    if (idle_.size() >= limits_.max_idle) drop_oldest(1);
    open->be_kept_by(this);
    idle_.push_back(std::move(open));
    budget_.watch_idle();
}

std::uint64_t connection_pool::first_ticket() {
    while (!waiters_.empty() && waiters_.front().owner.ended()) waiters_.pop_front();
    return waiters_.empty() ? 0 : waiters_.front().ticket;
}

void connection_pool::grant_room() {
    ++places_;
    grant({});
}

void connection_pool::grant(connection_ptr open) {
    auto& next = waiters_.front();
    waiters_.pop_front();
    if (open && !open->is_quiet()) open.reset();
    next.granted = place{*this, std::move(open)};
    next.owner.ring();
}

void connection_pool::leave_place() {
    --places_;
    budget_.release();
}

void connection_pool::spoilt(connection& gone) {
    const auto found = std::ranges::find(idle_, &gone, &connection_ptr::get);
    if (found == idle_.end()) return;
    idle_.erase(found);
    leave_place();
    budget_.idle_gone();
}

void connection_pool::drop_idle_before(steady_time limit) {
    const auto young = std::ranges::find_if(idle_, [&](const auto& open) { return open->idle_since >= limit; });
    drop_oldest(static_cast<std::size_t>(young - idle_.begin()));
}

void connection_pool::drop_oldest(std::size_t count) {
    idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(count));
    for (; count > 0; --count) leave_place();
}

}  // namespace orchestrator::http
