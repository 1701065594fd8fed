// Starts workflows when they are due. Keeps a timetable for each schedule, sleeps until the first start of any, and
// asks domain/schedule what to do then; the store keeps the answer, so that an occurrence is one execution whoever
// decides it.
//
// Only a leader decides, and each decision carries its epoch, so that one who does not know yet that it has lost the
// lead decides nothing. Between two starts it asks the store nothing: who changes a schedule grows its revision, which
// the engine's heartbeat looks at.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/schedule/due.h"
#include "engine/backfiller.h"
#include "engine/recent_problems.h"
#include "engine/store_watch.h"
#include "engine/timetable_source.h"
#include "engine/trusted_time.h"
#include "engine/wake_signal.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "ports/schedule_store.h"
#include "ports/workflow_store.h"

namespace orchestrator {

class scheduler {
  public:
    struct options {
        std::string instance_id;
        std::chrono::seconds longest_execution{86'400};
        std::size_t decisions_at_once = 20'000;  // in one transaction
    };

    // `epoch`: under which this instance leads at this moment; nullopt: it does not.
    using epoch_source = std::function<std::optional<std::int64_t>()>;

    scheduler(options, workflow_store&, schedule_store&, calendar_store&, backfill_store&, zone_source&, clock&,
              const trusted_time&, random_source&, store_watch&, epoch_source epoch,
              std::function<void(execution_id)> on_opened);

    // Until stop.
    task<> run();
    void stop();
    // From now on this instance decides, or no longer does.
    void lead(bool);
    // A schedule, a calendar or the tenants' groups have changed: read them again.
    void schedules_changed();
    // What waits for its end may start, a backfill goes on, and the next start may be estimated better.
    void execution_ended(workflow_id);
    // Decisions that were not kept, as another one led by then. From any thread.
    [[nodiscard]] std::int64_t refused() const { return refused_; }
    // The heartbeat: has anything changed in the store, in the zone data or on the wall clock?
    task<> look();

    // Is there a schedule that holds on each tenant's own clock?
    [[nodiscard]] bool follows_tenants() const { return follows_tenants_; }
    // How many schedules are followed, and how many cannot be.
    [[nodiscard]] std::size_t armed() const { return entries_.size(); }
    [[nodiscard]] std::size_t quarantined() const { return quarantined_.size(); }

    // Schedules that a wrong clock had decided too far, and that were set right. From any thread.
    [[nodiscard]] std::vector<health_problem> problems() const { return healed_.told_at(time_.steady_now()); }

    // Where `run` sleeps.
    [[nodiscard]] const wake_signal& sleeps_in() const { return wake_; }

  private:
    struct group {
        std::string name;  // empty: one for all
        timetable times;
    };
    struct entry {
        workflow of;
        std::string definition;  // what an execution takes a snapshot of
        std::chrono::seconds longest_execution;
        std::vector<group> groups;
        start_shift shift;
        sys_seconds decided_until;
        std::optional<sys_seconds> next_start;
        std::optional<sys_seconds> busy_until;  // overlap_policy queue: what was due by then has waited
        std::optional<sys_seconds> heals_to;    // from there on all is to be decided anew
        bool lead_is_stale = false;             // an execution has ended since the lead was estimated
        std::string problem;                    // of groups that cannot be resolved
    };

    task<> reload();
    task<result<void>> arm(workflow);
    task<result<std::vector<schedule_place>>> places_of(const workflow&);
    void compile(entry&) const;
    void heal(entry&);
    void try_blocked(entry&);
    [[nodiscard]] bool is_decided_too_far(const entry&) const;
    task<> estimate_lead_of(entry&);
    task<> decide_due_ones();
    task<> continue_backfills();
    task<> keep(std::vector<schedule_decision>);
    void pause_after_fault();
    void try_again(std::vector<schedule_decision>);
    schedule_decision decision_about(entry&, sys_seconds now);
    execution open(const entry&, const firing&);
    std::vector<std::string> groups_at(const entry&, sys_seconds) const;
    void set_next_start(entry&, std::optional<sys_seconds>);
    void forget(workflow_id);
    [[nodiscard]] sys_seconds now() const { return std::chrono::floor<std::chrono::seconds>(time_.now()); }
    [[nodiscard]] steady_time wake_at() const;

    options options_;
    workflow_store& workflows_;
    schedule_store& store_;
    timetable_source timetables_;
    backfiller backfills_;
    zone_source& zones_;
    clock& time_;
    const trusted_time& trusted_;
    store_watch& watch_;
    random_source& random_;
    epoch_source epoch_;
    std::function<void(execution_id)> on_opened_;
    wake_signal wake_;
    std::map<workflow_id, entry> entries_;
    std::set<std::pair<sys_seconds, workflow_id>> starts_;
    std::set<workflow_id> blocked_;                   // wait for the end of another execution
    std::map<workflow_id, std::string> quarantined_;  // why nothing of it can be resolved
    std::map<std::string, const time_zone*> zones_in_use_;
    std::vector<schedule_decision> unsaid_;  // next starts and problems that the store does not know yet
    recent_problems healed_;
    std::atomic<std::int64_t> refused_ = 0;
    milliseconds pause_{0};
    steady_time sleeps_until_{};
    steady_time try_again_at_{};   // after a fault of the store
    steady_time look_again_at_{};  // at those in quarantine
    std::int64_t revision_ = -1;   // of what was read
    bool follows_tenants_ = false;
    bool changed_ = true;
    bool backfills_have_room_ = false;  // as far as is known
    bool leads_ = false;
    bool stopped_ = false;
};

}  // namespace orchestrator
