// Runs that end without being worked on (ports/execution_store.h, end_runs). Synchronous; called on a worker's thread.
//
// Locks are taken in the order of the journal: who holds claims (instances), then runs, then the execution whose
// counters change. What is being claimed is passed over, so that nobody waits in a circle.
#pragma once

#include "adapters/postgresql/connection.h"
#include "adapters/sql/ended_bit.h"
#include "domain/execution/overdue.h"

namespace orchestrator::postgresql {

using sql::ended_bit;

// The next runs after this one, as many as have `most_steps` steps.
result<ended_bit> end_next_runs(connection&, const run_ending&, run_id after, int most_steps, system_time now);

}  // namespace orchestrator::postgresql
