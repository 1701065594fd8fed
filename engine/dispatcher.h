// Gives work to this instance: claims tenant runs in hundreds while there is room, and starts each.
//
// Claims are asked for, under a lease that holds, when the room is worth a batch, when something was planned or
// released, and when a parked run falls due. Less room than that is filled once a second: most of it may be taken by
// runs that wait for services that are slow. An idle instance asks the store nothing. Runs whose next step calls a
// closed service are left to wait in the store, and do not wake it. Timers wake it 20 times a second at most, however
// many parked runs fall due; where several instances share the work, it counts the work five times a second at most,
// unless it is notified.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/active_execution.h"
#include "engine/call_limits.h"
#include "engine/tenant_run.h"
#include "engine/wake_signal.h"
#include "ports/run_store.h"

namespace orchestrator {

class dispatcher {
  public:
    struct options {
        std::string instance_id;
        int max_active_runs = 1'024;
        int claim_batch = 256;
        // How many runs there is room for, and for which services none. Who opens one of those again calls notify().
        std::function<call_limits::claim_terms()> what_to_claim = [] { return call_limits::claim_terms{}; };
    };

    dispatcher(options, run_store&, active_executions&, run_environment&);

    // Claims and starts until draining.
    task<> run();
    // There may be something to claim, or room for it.
    void notify() {
        share_counted_at_.reset();
        wake_.notify();
    }
    // A run that this dispatcher started has given its place back. Unless the store was told, its claim is given back
    // after a pause.
    void run_released(const run_claim&, bool is_told);
    // This instance's lease holds until then. Without one nothing is claimed: nobody would take it up after a crash.
    void lease_renewed(steady_time until);
    // Runs may be claimed that nobody here knows of: they are looked for and given back before the next claim.
    void reconcile() {
        may_hold_others_ = true;
        wake_.notify();
    }
    // How many instances share the work, this one included: each holds its share of the open runs at most.
    // None can be told of: the lease of this one is over, too.
    void shared_by(int instances) {
        const int sharers = std::max(1, instances);
        if (std::exchange(instances_, sharers) != sharers) share_counted_at_.reset();
    }

    [[nodiscard]] int active_runs() const { return active_runs_; }

    // Where `run` sleeps.
    [[nodiscard]] const wake_signal& sleeps_in() const { return wake_; }

  private:
    task<std::optional<steady_time>> look();
    task<bool> give_untold_back();
    task<bool> release_unknown_runs();
    task<int> allowance(const call_limits::claim_terms&);
    task<> start(claimed_run);
    task<> start_if_active(std::shared_ptr<active_execution>, claimed_run);
    task<> leave(claimed_run);
    task<> start_all(std::vector<claimed_run>);
    void lose(const run_claim&, std::string_view why);
    void spawn(const run_claim&, task<>);
    task<steady_time> next_due(const std::vector<std::string>& closed_services);
    task<> pause_after_fault();
    [[nodiscard]] int room() const { return options_.max_active_runs - active_runs_; }
    [[nodiscard]] int worthwhile_room() const;
    [[nodiscard]] std::optional<steady_time> not_before(steady_time now) const;

    options options_;
    run_store& store_;
    active_executions& executions_;
    run_environment& environment_;
    wake_signal wake_;
    steady_time leased_until_;
    int instances_ = 1;
    std::int64_t share_ = 0;                       // of the open runs, ours
    std::optional<steady_time> share_counted_at_;  // nullopt: it has to be counted anew
    int look_again_at_ = -1;                       // active runs, when our share was full
    std::set<run_claim> known_;                    // that we hold
    std::vector<run_claim> untold_;                // that ended here without a word to the store
    steady_time give_back_at_{};
    bool may_hold_others_ = false;
    steady_time claimed_at_{};          // when a claim was made last
    std::atomic<int> active_runs_ = 0;  // written on the engine's thread, read by the health check
};

}  // namespace orchestrator
