// How long history is kept: partitions by day made ahead, and old ones dropped whole. Synchronous; called by store.cpp
// on a worker's thread.
#pragma once

#include "adapters/postgresql/connection.h"
#include "ports/history_store.h"

namespace orchestrator::postgresql {

// Partitions for the days around `now`. Outside of a transaction.
void make_partitions(connection&, system_time now);
// About so many rows of what is older than `keep_from`.
history_bit forget_some(connection&, system_time keep_from, int rows);
// Partitions all of whose executions are forgotten. Outside of a transaction.
void drop_partitions(connection&, system_time keep_from);
// At most so many runs of executions that ended before. False: there are no more.
bool archive_some_runs(connection&, system_time ended_before, int rows);

}  // namespace orchestrator::postgresql
