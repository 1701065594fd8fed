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

// How long the calls that wait will take. `recent`: calls that ended within the last `span`; while there is none nobody
// can tell, and nobody is short of time.
[[nodiscard]] constexpr steady_duration time_to_call(int waiting, int recent, steady_duration span) {
    return recent > 0 ? span / recent * waiting : steady_duration{0};
}

// Among those who are short of time. Higher tiers first, and of one tier who has least left to do: the most tenants are
// then ready in time.
[[nodiscard]] constexpr bool goes_before(const call_urgency& a, const call_urgency& b) {
    return std::tuple{-a.tier_weight, a.steps_left} < std::tuple{-b.tier_weight, b.steps_left};
}

}  // namespace orchestrator
