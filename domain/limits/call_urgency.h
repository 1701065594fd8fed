// Who goes first when not all can be called before their deadline. As long as there is time, it is first come, first
// served: tiers have had their say in the order of claims (domain/fairness). Pure; used by engine/call_limits.
#pragma once

#include <chrono>
#include <tuple>

#include "domain/time.h"

namespace orchestrator {

struct call_urgency {
    int tier_weight = 1;  // of the tenant's subscription
    int steps_left = 1;   // of its run, this one included
};

// Are the calls that wait too many for the time that is left? `recent`: calls that ended within the last `span`; while
// there is none nobody can tell.
[[nodiscard]] constexpr bool is_short_of_time(int waiting, int recent, steady_duration span, steady_duration left) {
    if (recent == 0) return false;
    return std::chrono::duration<double>{span}.count() * waiting > std::chrono::duration<double>{left}.count() * recent;
}

// Higher tiers first, and of one tier who has least left to do: the most tenants are then ready in time.
[[nodiscard]] constexpr bool goes_before(const call_urgency& a, const call_urgency& b) {
    return std::tuple{-a.tier_weight, a.steps_left} < std::tuple{-b.tier_weight, b.steps_left};
}

}  // namespace orchestrator
