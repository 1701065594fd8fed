// Whose turn is it? Start-time fair queueing (Goyal, Vin and Cheng, 1996) over subscription tiers.
//
// Each tenant run gets a rank when it is planned; runs are claimed in order of rank. A tier of weight w advances its
// rank by scale / w for each run, so that in any stretch of the order a tier of weight 4 has four runs for each one of
// weight 1, and nobody starves. A new execution starts at the lowest rank that still waits, so that it neither
// overtakes what has waited long nor waits for all of it.
#pragma once

#include <array>
#include <cstdint>

#include "domain/tenancy/tenant.h"

namespace orchestrator {

struct tier_weights {
    int starter = 1;
    int professional = 2;
    int enterprise = 4;

    [[nodiscard]] int of(subscription_tier) const;
};

// What works in the background (a backfill) has ranks above all others: its turn comes when nothing else waits.
inline constexpr std::int64_t lowest_background_rank = std::int64_t{1} << 40;

// Where a new execution starts, given the lowest rank that still waits in the whole store (0 when nothing waits).
[[nodiscard]] constexpr std::int64_t first_rank(std::int64_t lowest_waiting, bool in_background) {
    const bool background_waits = lowest_waiting >= lowest_background_rank;
    if (in_background) return background_waits ? lowest_waiting : lowest_background_rank;
    return background_waits ? 0 : lowest_waiting;
}

class fair_ranks {
  public:
    // `start`: see first_rank.
    fair_ranks(std::int64_t start, tier_weights weights);

    // The rank of the next run of this tier.
    [[nodiscard]] std::int64_t next(subscription_tier);

  private:
    tier_weights weights_;
    std::array<std::int64_t, 3> next_;
};

}  // namespace orchestrator
