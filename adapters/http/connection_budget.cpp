// The bound over all origins: see connection_budget.h.
#include "adapters/http/connection_budget.h"

#include <limits>

#include "adapters/http/connection_pool.h"

namespace orchestrator::http {
namespace {

constexpr milliseconds timer_slack{100};  // so that one wake-up closes what became idle at about the same time

}  // namespace

connection_budget::connection_budget(asio::io_context& context, std::size_t most, milliseconds idle_timeout)
    : most_{most}, idle_timeout_{idle_timeout}, timer_{context} {}

connection_budget::~connection_budget() = default;

void connection_budget::join(connection_pool& pool) { pools_.push_back(pool); }

bool connection_budget::try_take() {
    if (open() >= most_) close_longest_idle();
    if (open() >= most_) return false;
    open_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

void connection_budget::release() {
    open_.fetch_sub(1, std::memory_order_relaxed);
    if (!anybody_waits()) return;
    auto* const next = next_in_turn(nullptr);
    if (!next) return;
    open_.fetch_add(1, std::memory_order_relaxed);
    next->grant_room();
}

connection_pool* connection_budget::next_in_turn(const connection_pool* giver) {
    connection_pool* next = nullptr;
    auto earliest = std::numeric_limits<std::uint64_t>::max();
    for (auto& pool : pools_) {
        const auto ticket = pool.first_ticket();
        if (ticket == 0 || ticket > earliest || (&pool != giver && !pool.has_room())) continue;
        earliest = ticket;
        next = &pool;
    }
    return next;
}

bool connection_budget::close_longest_idle() {
    auto* const pool = pool_of_longest_idle();
    if (pool) pool->drop_longest_idle();
    return pool != nullptr;
}

connection_pool* connection_budget::pool_of_longest_idle() {
    connection_pool* longest = nullptr;
    for (auto& pool : pools_)
        if (pool.idle_since() < (longest ? longest->idle_since() : never)) longest = &pool;
    return longest;
}

void connection_budget::start_timer() {
    const auto* const longest = pool_of_longest_idle();
    if (!longest) return;
    is_watching_ = true;
    timer_.expires_at(longest->idle_since() + idle_timeout_ + timer_slack);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (self && !error) self->close_overdue();
    });
}

void connection_budget::close_overdue() {
    is_watching_ = false;
    const auto limit = std::chrono::steady_clock::now() - idle_timeout_;
    for (auto& pool : pools_) pool.drop_idle_before(limit);
    start_timer();
}

void connection_budget::idle_gone() {
    if (pool_of_longest_idle()) return;
    is_watching_ = false;
    timer_.cancel();
}

}  // namespace orchestrator::http
