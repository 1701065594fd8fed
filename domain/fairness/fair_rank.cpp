#include "domain/fairness/fair_rank.h"

#include <utility>

namespace orchestrator {
namespace {

constexpr std::int64_t scale = 1'000;  // divisible by the usual weights, so that steps are exact

}  // namespace

int tier_weights::of(subscription_tier tier) const {
    switch (tier) {
        case subscription_tier::starter:
            return starter;
        case subscription_tier::professional:
            return professional;
        case subscription_tier::enterprise:
            return enterprise;
    }
    return starter;
}

fair_ranks::fair_ranks(std::int64_t start, tier_weights weights) : weights_{weights} {
    for (const auto tier : {subscription_tier::starter, subscription_tier::professional, subscription_tier::enterprise})
        next_[std::size_t(tier)] = start + scale / weights_.of(tier);
}

std::int64_t fair_ranks::next(subscription_tier tier) {
    auto& next = next_[std::size_t(tier)];
    return std::exchange(next, next + scale / weights_.of(tier));
}

}  // namespace orchestrator
