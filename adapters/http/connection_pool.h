// The connections to one origin: which are idle, how many there are, and who waits for a place.
// Used by the client only. It opens nothing: a place without a connection is the right to open one. Each place is part
// of the client's budget.
//
// Invariant: somebody waits only while no connection of this pool is idle, and every place of it, or of the budget, is
// taken.
#pragma once

#include <optional>
#include <vector>

#include "adapters/http/call.h"
#include "adapters/http/connection.h"
#include "adapters/http/connection_budget.h"

namespace orchestrator::http {

struct pool_limits {
    std::size_t max_connections;
    std::size_t max_idle;
};

class connection_pool final : public pool_hook, idle_keeper {
  public:
    // One of the origin's places. Its destructor gives it to the next who waits and drops the connection.
    class place {
      public:
        place() = default;
        explicit place(connection_pool& pool, connection_ptr open = {}) : pool_{&pool}, connection_{std::move(open)} {}
        place(place&& other) noexcept
            : pool_{std::exchange(other.pool_, nullptr)}, connection_{std::move(other.connection_)} {}
        place& operator=(place&& other) noexcept;
        ~place() { release(); }

        [[nodiscard]] explicit operator bool() const { return pool_ != nullptr; }
        [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }
        [[nodiscard]] connection& link() { return *connection_; }

        void connect(connection_ptr open) { connection_ = std::move(open); }
        void disconnect() { connection_.reset(); }

        // Gives the place back with its connection, which the next call uses again.
        void keep(steady_time now);

      private:
        void release();

        connection_pool* pool_ = nullptr;
        connection_ptr connection_;
    };

    // `budget` outlives the pool.
    connection_pool(pool_limits limits, connection_budget& budget) : limits_{limits}, budget_{budget} {
        budget_.join(*this);
    }
    connection_pool(const connection_pool&) = delete;
    connection_pool& operator=(const connection_pool&) = delete;

    // Empty when all places are taken.
    [[nodiscard]] place try_take(steady_time now);

    // In the order of the calls' arrival. Empty only if the call has ended.
    task<place> wait_for_place(call&);

    void drop_idle() {
        drop_oldest(idle_.size());
        budget_.idle_gone();
    }
    void drop_idle_before(steady_time);
    void drop_longest_idle() { drop_oldest(1); }

    // The time since which the first has been idle; `never`: none is.
    [[nodiscard]] steady_time idle_since() const { return idle_.empty() ? never : idle_.front()->idle_since; }
    [[nodiscard]] bool is_unused() const { return places_ == 0 && waiters_.empty(); }
    [[nodiscard]] bool has_room() const { return places_ < limits_.max_connections; }

    // For the budget. 0: nobody waits.
    [[nodiscard]] std::uint64_t first_ticket();
    // To the first who waits: room that the budget has taken already.
    void grant_room();

  private:
    struct waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        waiter(call& call_, connection_budget& budget_) : owner{call_}, budget{budget_}, ticket{budget_.next_ticket()} {
            budget.count_waiting(1);
        }
        ~waiter() { budget.count_waiting(-1); }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;

        call& owner;
        connection_budget& budget;
        std::uint64_t ticket;
        place granted;
    };

    void give_back(connection_ptr);
    void grant(connection_ptr);
    void leave_place();
    void spoilt(connection&) override;
    void drop_oldest(std::size_t count);

    pool_limits limits_;
    connection_budget& budget_;
    std::size_t places_ = 0;            // idle connections included
    std::vector<connection_ptr> idle_;  // the most recently used last
    boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace orchestrator::http
