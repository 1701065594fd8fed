// How many connections a client may have, over all its origins: one bound, who waits for room, and which idle
// connection makes way. Closes what was idle for too long by a timer of its own. Used by the pools and the client;
// opens nothing.
//
// Room goes to the call that has waited longest and may have it: a busy origin does not keep another one out.
#pragma once

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "adapters/http/deadline_sweep.h"

namespace orchestrator::http {

class connection_pool;

using pool_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class connection_budget : public std::enable_shared_from_this<connection_budget> {
  public:
    connection_budget(asio::io_context& context, std::size_t most, milliseconds idle_timeout);
    ~connection_budget();
    connection_budget(const connection_budget&) = delete;
    connection_budget& operator=(const connection_budget&) = delete;

    void join(connection_pool&);  // which leaves by its destructor

    // Room for one more connection, made by closing the one that is idle longest if need be. False: all are in use.
    [[nodiscard]] bool try_take();

    // A connection, or the right to open one, is gone.
    void release();

    // The pool whose first waiting call comes next; nullptr: nobody waits who could go on. `giver` has a connection to
    // pass on, so that its own calls need no room.
    [[nodiscard]] connection_pool* next_in_turn(const connection_pool* giver);

    // False: none is idle.
    bool close_longest_idle();

    // A connection has become idle: the timer runs.
    void watch_idle() {
        if (!is_watching_) start_timer();
    }
    // One is idle no more, otherwise than by being used: without any, the timer keeps no context busy.
    void idle_gone();

    [[nodiscard]] std::uint64_t next_ticket() { return ++last_ticket_; }
    void count_waiting(int change) { waiting_.fetch_add(change, std::memory_order_relaxed); }
    [[nodiscard]] bool anybody_waits() const { return waiting_.load(std::memory_order_relaxed) > 0; }
    [[nodiscard]] milliseconds idle_timeout() const { return idle_timeout_; }

    // From any thread.
    [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }
    [[nodiscard]] int waiting() const { return waiting_.load(std::memory_order_relaxed); }

  private:
    void start_timer();
    void close_overdue();
    connection_pool* pool_of_longest_idle();

    std::size_t most_;
    milliseconds idle_timeout_;
    steady_timer timer_;
    bool is_watching_ = false;
    std::uint64_t last_ticket_ = 0;
    std::atomic<std::size_t> open_ = 0;  // idle ones, and rights to open one, included
    std::atomic<int> waiting_ = 0;
    boost::intrusive::list<connection_pool, boost::intrusive::base_hook<pool_hook>,
                           boost::intrusive::constant_time_size<false>>
        pools_;
};

}  // namespace orchestrator::http
