#include "adapters/sqlite/leader_rows.h"

#include <fmt/format.h>

namespace orchestrator::sqlite {
namespace {

constexpr double milliseconds_in_a_second = 1'000;

}  // namespace

leader_answer claim_lead(connection& database, const leader_claim& claim, system_time now) {
    {
        auto row = database.query("leader", "claim");
        row.bind(1, std::string_view{claim.instance_id})
            .bind(2, std::string_view{claim.hostname})
            .bind(3, now + claim.ttl)
            .bind(4, now)
            .bind(5, double(claim.heartbeat.count()) / milliseconds_in_a_second)
            .bind(6, claim.epoch)
            .bind(7, claim.is_unopposed);
        row.run();
    }
    const bool is_ours = database.changes() > 0;
    const auto found = find_leader(database, now).value();
    return {is_ours, found.epoch, found.instance_id, found.left};
}

void resign_lead(connection& database, std::int64_t epoch, system_time now) {
    auto row = database.query("leader", "resign");
    row.bind(1, epoch).bind(2, now);
    row.run();
}

std::optional<leader_record> find_leader(connection& database, system_time now) {
    auto row = database.query("leader", "find");
    if (!row.step()) return std::nullopt;
    return leader_record{.instance_id = row.text(0),
                         .hostname = row.text(1),
                         .epoch = row.integer(2),
                         .became_leader_at = row.time(3),
                         .last_heartbeat_at = row.time(4),
                         .heartbeat = milliseconds{std::llround(row.real(5) * milliseconds_in_a_second)},
                         .left = row.time(6) - now};
}

result<void> check_epoch(connection& database, std::int64_t epoch) {
    const auto current = find_leader(database, {});
    if (!current || current->epoch <= epoch) return {};
    return fail(errc::superseded, fmt::format("epoch {} has begun, {} leads: what was decided in epoch {} is not kept",
                                              current->epoch, current->instance_id, epoch));
}

}  // namespace orchestrator::sqlite
