// How long history is kept: partitions by day made ahead, and old ones dropped whole. Synchronous; called by store.cpp
// on a worker's thread.
#pragma once

#include "adapters/postgresql/connection.h"

namespace orchestrator::postgresql {

// Partitions for the days around `now`. Outside of a transaction.
void make_partitions(connection&, system_time now);
// Executions that were made before `keep_from` and have ended, at most `most` of them. Returns how many.
int forget_executions(connection&, system_time keep_from, int most);
// Partitions all of whose executions are forgotten. Outside of a transaction.
void drop_partitions(connection&, system_time keep_from);

}  // namespace orchestrator::postgresql
