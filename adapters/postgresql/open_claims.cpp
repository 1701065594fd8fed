#include "adapters/postgresql/open_claims.h"

#include <algorithm>
#include <utility>

namespace orchestrator::postgresql {

void open_claims::add(const run_claim& claim, std::int64_t lease_number) {
    const std::scoped_lock lock{guard_};
    // What was claimed under a lease that is over is nobody's business any more.
    if (std::exchange(newest_lease_, std::max(newest_lease_, lease_number)) < lease_number)
        std::erase_if(by_run_, [&](const auto& each) { return each.second.lease_number != lease_number; });
    by_run_.insert_or_assign(std::int64_t(claim.run), claimed{claim.token, lease_number});
}

void open_claims::close(const std::vector<journal_entry>& entries) {
    const std::scoped_lock lock{guard_};
    for (const auto& entry : entries) {
        if (!entry.outcome) continue;
        const auto found = by_run_.find(std::int64_t(entry.claim.run));
        if (found != by_run_.end() && found->second.token == entry.claim.token) by_run_.erase(found);
    }
}

std::optional<std::set<std::int64_t>> open_claims::leases_of(const std::vector<journal_entry>& entries) const {
    std::set<std::int64_t> leases;
    const std::scoped_lock lock{guard_};
    for (const auto& entry : entries) {
        const auto found = by_run_.find(std::int64_t(entry.claim.run));
        if (found == by_run_.end() || found->second.token != entry.claim.token) return std::nullopt;
        leases.insert(found->second.lease_number);
    }
    return leases;
}

}  // namespace orchestrator::postgresql
