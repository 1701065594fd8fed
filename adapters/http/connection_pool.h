// The connections to one origin: which are idle, how many there are, and who waits for a place.
// Used by the client only. It opens nothing: a place without a connection is the right to open one.
//
// Invariant: somebody waits only while every place is taken and no connection is idle.
#pragma once

#include <boost/intrusive/list.hpp>

#include <optional>
#include <vector>

#include "adapters/http/call.h"
#include "adapters/http/connection.h"

namespace orchestrator::http {

struct pool_limits {
    std::size_t max_connections;
    std::size_t max_idle;
    milliseconds idle_timeout;
};

class connection_pool {
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

    explicit connection_pool(pool_limits limits) : limits_{limits} {}

    // Empty when all places are taken.
    [[nodiscard]] place try_take(steady_time now);

    // First in, first out. Empty only if the call has ended.
    task<place> wait_for_place(call&);

    void drop_idle() { drop_idle_before(never); }
    void prune(steady_time now) { drop_idle_before(now - limits_.idle_timeout); }
    [[nodiscard]] bool unused() const { return places_ == 0; }

  private:
    struct waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        explicit waiter(call& call_) : owner{call_} {}
        call& owner;
        place granted;
    };

    void give_back(connection_ptr);
    void drop_idle_before(steady_time);
    void drop_oldest(std::size_t count);

    pool_limits limits_;
    std::size_t places_ = 0;            // idle connections included
    std::vector<connection_ptr> idle_;  // the most recently used last
    boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace orchestrator::http
