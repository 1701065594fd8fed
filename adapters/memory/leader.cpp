// Who leads, in the memory store.
#include "adapters/memory/store.h"

namespace orchestrator::memory {

task<result<leader_answer>> store::claim_lead(leader_claim claim, system_time now) {
    const std::scoped_lock lock{guard_};
    const bool leads_on = leader_ && leader_->epoch == claim.epoch && leader_->instance_id == claim.instance_id;
    // A heartbeat that is still to come is that of a clock that was wrong.
    const bool is_over = leader_ && (lead_until_ <= now || leader_->last_heartbeat_at > now + std::chrono::minutes{1});
    const bool is_free = !leader_ || is_over || leader_->instance_id == claim.instance_id;
    if (!is_free && !claim.is_unopposed)
        co_return leader_answer{false, leader_->epoch, leader_->instance_id, lead_until_ - now};
    if (!leads_on) {
        const auto last = leader_ ? leader_->epoch : 0;
        leader_.emplace();
        leader_->epoch = last + 1;
        leader_->became_leader_at = now;
    }
    leader_->instance_id = claim.instance_id;
    leader_->hostname = claim.hostname;
    leader_->heartbeat = claim.heartbeat;
    leader_->last_heartbeat_at = now;
    lead_until_ = now + claim.ttl;
    co_return leader_answer{true, leader_->epoch, leader_->instance_id, claim.ttl};
}

task<result<void>> store::resign_lead(std::int64_t epoch, system_time now) {
    const std::scoped_lock lock{guard_};
    if (leader_ && leader_->epoch == epoch) lead_until_ = std::min(lead_until_, now);
    co_return result<void>{};
}

task<result<std::optional<leader_record>>> store::find_leader(system_time now) {
    const std::scoped_lock lock{guard_};
    auto found = leader_;
    if (found) found->left = lead_until_ - now;
    co_return found;
}

task<result<store_time>> store::read_clock() {
    const std::scoped_lock lock{guard_};
    store_time known;
    if (leader_) known.newest = leader_->last_heartbeat_at;
    co_return known;
}

}  // namespace orchestrator::memory
