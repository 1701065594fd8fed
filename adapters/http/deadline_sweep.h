// Deadlines of many things that mostly end in time: calls in flight, connections of a server. One timer for all of
// them, which runs only while there are any; an entry costs two pointers and no system call.
// Used by the client and by the server. It only tells an entry that its time has passed.
#pragma once

#include <boost/intrusive/list.hpp>

#include <memory>

#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator::http {

using steady_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;

inline constexpr steady_time never = steady_time::max();

class deadline_sweep : public std::enable_shared_from_this<deadline_sweep> {
  public:
    // Leaves the sweep by its destructor.
    class entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
      public:
        entry() = default;
        virtual ~entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

        // Once for each deadline that passed. Destroys no entry.
        virtual void expire(steady_time now) = 0;

        steady_time deadline = never;
    };

    deadline_sweep(asio::io_context& context, milliseconds resolution) : timer_{context}, resolution_{resolution} {}

    void add(entry&);

    // `visit` takes an entry and destroys none.
    template <class Visit>
    void each(Visit visit) {
        for (auto& entry : entries_) visit(entry);
    }
    [[nodiscard]] bool empty() const { return entries_.empty(); }

  private:
    void arm();
    void tick();

    boost::intrusive::list<entry, boost::intrusive::constant_time_size<false>> entries_;
    steady_timer timer_;
    milliseconds resolution_;
    bool armed_ = false;
};

}  // namespace orchestrator::http
