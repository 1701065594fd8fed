#include "adapters/postgresql/leader_rows.h"

#include <fmt/format.h>

namespace orchestrator::postgresql {

leader_answer claim_lead(connection& database, const leader_claim& claim) {
    const auto ours =
        database.query("leader", "claim", claim.instance_id, claim.hostname, std::int64_t{claim.ttl.count()},
                       std::int64_t{claim.heartbeat.count()}, claim.epoch, claim.is_unopposed);
    if (!ours.empty()) return {true, ours.front().integer(0), claim.instance_id, claim.ttl};
    const auto other = find_leader(database);
    if (!other) return {};
    return {false, other->epoch, other->instance_id, other->left};
}

void resign_lead(connection& database, std::int64_t epoch) { database.query("leader", "resign", epoch); }

std::optional<leader_record> find_leader(connection& database) {
    const auto found = database.query("leader", "find");
    if (found.empty()) return std::nullopt;
    const auto from = found.front();
    return leader_record{.instance_id = from.text(0),
                         .hostname = from.text(1),
                         .epoch = from.integer(2),
                         .became_leader_at = from.time(3),
                         .last_heartbeat_at = from.time(4),
                         .heartbeat = milliseconds{from.integer(5)},
                         .left = milliseconds{from.integer(6)}};
}

result<void> hold_epoch(connection& database, std::int64_t epoch) {
    const auto current = database.query("leader", "hold_epoch");
    if (current.empty() || current.front().integer(0) <= epoch) return {};
    return fail(errc::superseded, fmt::format("epoch {} has begun, {} leads: what was decided in epoch {} is not kept",
                                              current.front().integer(0), current.front().text(1), epoch));
}

}  // namespace orchestrator::postgresql
