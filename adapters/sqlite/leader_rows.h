// orchestrator_leader. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <optional>

#include "adapters/sqlite/connection.h"
#include "ports/leader_store.h"

namespace orchestrator::sqlite {

leader_answer claim_lead(connection&, const leader_claim&, system_time now);
void resign_lead(connection&, std::int64_t epoch, system_time now);
std::optional<leader_record> find_leader(connection&, system_time now);
// superseded: an epoch newer than this one has begun.
result<void> check_epoch(connection&, std::int64_t epoch);

}  // namespace orchestrator::sqlite
