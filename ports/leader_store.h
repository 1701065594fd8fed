// Who leads, durably: one row with an epoch that grows whenever leadership changes hands. What a leader writes carries
// its epoch and is refused when a newer one has begun (errc::superseded).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "domain/error.h"
#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator {

struct leader_claim {
    std::string instance_id{};  // of no other process
    std::string hostname{};
    milliseconds ttl{90'000};
    milliseconds heartbeat{30'000};
    std::int64_t epoch = 0;     // that we lead under, as far as we know; 0: we do not
    bool is_unopposed = false;  // take the lease whoever holds it: there are no other instances
};

struct leader_answer {
    bool is_ours = false;
    std::int64_t epoch = 0;  // of whoever holds the lease
    std::string holder{};
    milliseconds left{0};  // of their lease
};

// The row of orchestrator_leader.
struct leader_record {
    std::string instance_id{};
    std::string hostname{};
    std::int64_t epoch = 0;
    system_time became_leader_at{};
    system_time last_heartbeat_at{};
    milliseconds heartbeat{0};
    milliseconds left{0};  // of the lease; not positive: it is over
};

class leader_store {
  public:
    virtual ~leader_store() = default;

    // Renews the lease if it is still held under our epoch; takes it, under a new epoch, if it is over, or held by this
    // instance under another epoch: the answer to an earlier claim was lost. A store with a clock of its own does not
    // look at `now`.
    virtual task<result<leader_answer>> claim_lead(leader_claim, system_time now) = 0;
    // The lease ends now, if it is held under this epoch.
    virtual task<result<void>> resign_lead(std::int64_t epoch, system_time now) = 0;
    virtual task<result<std::optional<leader_record>>> find_leader(system_time now) = 0;
};

}  // namespace orchestrator
