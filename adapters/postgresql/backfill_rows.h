// orchestrator_backfills and their occurrences. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <vector>

#include "adapters/postgresql/connection.h"
#include "ports/backfill_store.h"

namespace orchestrator::postgresql {

void insert_backfill(connection&, const backfill&, const std::vector<system_time>& occurrences);
std::vector<tracked_backfill> list_backfills(connection&, int limit);
result<tracked_backfill> find_backfill(connection&, backfill_id);
result<tracked_backfill> cancel_backfill(connection&, backfill_id, system_time now);
std::vector<backfill_turn> next_of_backfills(connection&, system_time now);
std::vector<execution_id> open_backfill_executions(connection&, const std::vector<backfill_start>&, system_time now);

}  // namespace orchestrator::postgresql
