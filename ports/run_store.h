// The hot path: claiming tenant runs, and the journal of what happened in them.
//
// A claim holds as long as the instance's lease does: one heartbeat row for an instance, not one renewal for each run.
// Each claim of a run has its own token; what is reported under an older token is refused and changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/execution/execution.h"
#include "ports/task.h"

namespace orchestrator {

struct run_claim {
    run_id run{};
    std::int64_t token = 0;

    auto operator<=>(const run_claim&) const = default;
};

// Attempts of a step that waits for a retry across claims.
struct stored_wait {
    int step_index = 0;
    int attempts = 0;
    system_time retry_at;
    system_time started_at;  // of the first attempt
};

struct claimed_run {
    run_claim claim;
    execution_id execution;
    tenant for_tenant;
    std::vector<step_record> recorded;  // steps that have ended, carried over ones included
    std::vector<stored_wait> waits;
    bool cancel_requested = false;  // of its execution: known here before any other word of it arrives
};

enum class run_release : std::uint8_t {
    ended,     // with `status`
    parked,    // until `not_before`, with `waits`
    returned,  // claimable at once, with `waits`: this instance stops, or has no place for its next call
};

struct run_outcome {
    run_release release = run_release::ended;
    run_status status = run_status::completed;
    system_time not_before;
    std::vector<stored_wait> waits;
    std::string next_service{};  // parked, returned: its lane (domain/execution/lane.h)
};

// What happened in one run at one moment; durable as a whole or not at all.
struct journal_entry {
    run_claim claim;
    execution_id execution;
    std::vector<step_record> steps;
    std::vector<log_entry> logs;
    std::optional<run_outcome> outcome;  // set: the claim ends with this entry
};

struct journal_receipt {
    std::vector<run_claim> refused;     // the claim was lost: nothing of the entry was kept
    std::vector<execution_id> drained;  // executions that are planned completely and have no open run any more
};

// What waits for a later time or for a closed service is counted up to here: it bounds the work of count_open_runs.
inline constexpr int most_unclaimable_counted = 10'000;

class run_store {
  public:
    virtual ~run_store() = default;

    // Takes up to `limit` runs that may start at `now`: those whose wait is over first, then in order of fair rank;
    // none while the instance has no lease. Leaves out those whose lane is closed, however many they are; of a
    // cancelled execution it leaves out none. Sets started_at at the first claim.
    virtual task<result<std::vector<claimed_run>>> claim_runs(std::string instance_id, int limit, system_time now,
                                                              std::vector<std::string> closed_services) = 0;
    // Runs that could be claimed at `now` or are, over all instances; counted up to `most`. May be too high while more
    // than `most_unclaimable_counted` wait for a later time or for a closed service.
    virtual task<result<std::int64_t>> count_open_runs(int most, system_time now,
                                                       std::vector<std::string> closed_services) = 0;
    // The instant at which the first parked run may be claimed, which may be past; nullopt: none is parked, or all of
    // those that are wait for closed services.
    virtual task<result<std::optional<system_time>>> next_parked_run(std::vector<std::string> closed_services) = 0;

    // All entries in one transaction: results, logs, counters, ends. A step that is recorded already stays as it was.
    // `entries` is the caller's until the call returns, so that a passing fault of the store loses nothing.
    virtual task<result<journal_receipt>> commit(const std::vector<journal_entry>& entries, system_time now) = 0;

    // The heartbeat of an instance: its claims hold for `lease` from now on. False: it had no lease, so that none of
    // its earlier claims holds any more. superseded: another process renews the lease of this name, and began later. A
    // store with a clock of its own goes by it, here and in the two below, and does not look at `now`.
    virtual task<result<bool>> renew_lease(std::string instance_id, milliseconds lease, system_time now) = 0;
    // Gives back these claims of this instance, those of them that stand. Returns how many.
    virtual task<result<int>> release_runs(std::string instance_id, std::vector<run_claim> claims) = 0;
    // Gives back the claims of this instance that it does not know of: the answer to a claim was lost. Looks at all
    // runs of all executions that are open. Returns how many.
    virtual task<result<int>> release_unknown_runs(std::string instance_id, std::vector<run_claim> known) = 0;
    // Those whose lease holds.
    virtual task<result<std::vector<std::string>>> live_instances(system_time now) = 0;
    // Gives back the runs of instances whose lease is over, except `survivor`'s. Returns how many.
    virtual task<result<int>> release_lost_runs(system_time now, std::string survivor) = 0;
    // Gives back every run of this instance and forgets it: the last act of a stopping instance.
    virtual task<result<void>> release_instance(std::string instance_id) = 0;
};

}  // namespace orchestrator
