// Keeps trying to lead, and to stay the leader, until it is stopped. Runs on a thread of its own, so that a busy engine
// does not delay a renewal.
//
// The row in the database decides: it holds the lease and the epoch. The lease outside (Redis) stands before it: who
// does not lead asks the database only when that one is free or does not answer, and now and then. A leader that cannot
// reach it goes on by the database alone. Who could not do a leader's work gives the lead back.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "domain/leadership/leadership.h"
#include "engine/store_watch.h"
#include "engine/wake_signal.h"
#include "ports/clock.h"
#include "ports/leader_store.h"
#include "ports/lease.h"

namespace orchestrator {

class leader_elector {
  public:
    struct options {
        std::string instance_id;
        std::string hostname;
        leadership_terms terms;
        bool is_unopposed = false;  // there are no other instances
        // Could this instance do a leader's work just now? The lease alone says no more than that the elector's own
        // connection lives. Called on the elector's thread; empty: it always could.
        std::function<bool()> is_fit{};
    };

    // `outside`: nullptr when there is none. `on_change`: this instance leads from now on, or no longer; called on the
    // elector's thread.
    leader_elector(options, executor where, leader_store&, lease* outside, clock&, store_watch&,
                   std::function<void(bool leads)> on_change);

    task<> run();
    // Gives the lease back, so that another instance leads at once.
    task<> stop();

    // The epoch that we lead under at this moment, by the monotonic clock; nullopt: we do not lead. From any thread.
    [[nodiscard]] std::optional<std::int64_t> epoch(steady_time now) const;

    // Where `run` sleeps.
    [[nodiscard]] const wake_signal& sleeps_in() const { return wake_; }

  private:
    task<> ask();
    task<bool> outside_allows();
    task<bool> take_outside();
    task<> release_outside();
    task<> give_back();
    [[nodiscard]] bool leads() const { return state_.leads(time_.steady_now()); }
    bool show();
    void tell();

    options options_;
    executor where_;
    leader_store& store_;
    lease* outside_;
    clock& time_;
    store_watch& watch_;
    std::function<void(bool)> on_change_;
    wake_signal wake_;
    leadership state_;
    bool told_ = false;  // what on_change was told last
    bool store_is_away_ = false;
    bool outside_is_away_ = false;  // said once, not with each try
    bool is_unfit_ = false;         // likewise
    bool holds_outside_ = false;
    steady_time asked_row_at_{};
    int asking_ = 0;
    bool stopped_ = false;
    std::atomic<steady_time::rep> holds_until_ = 0;  // for other threads
    std::atomic<std::int64_t> epoch_ = 0;
};

}  // namespace orchestrator
