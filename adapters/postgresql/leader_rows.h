// orchestrator_leader. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <optional>

#include "adapters/postgresql/connection.h"
#include "ports/leader_store.h"

namespace orchestrator::postgresql {

leader_answer claim_lead(connection&, const leader_claim&);
void resign_lead(connection&, std::int64_t epoch);
std::optional<leader_record> find_leader(connection&);
// superseded: an epoch newer than this one has begun. None begins before the end of the transaction.
result<void> hold_epoch(connection&, std::int64_t epoch);

}  // namespace orchestrator::postgresql
