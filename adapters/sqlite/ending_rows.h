// Runs that end without being worked on (ports/execution_store.h, end_runs). Synchronous; called on the writer's
// thread.
#pragma once

#include "adapters/sql/ended_bit.h"
#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/journal_rows.h"
#include "domain/execution/overdue.h"

namespace orchestrator::sqlite {

using sql::ended_bit;

// The next runs after this one, as many as have `most_steps` steps.
result<ended_bit> end_next_runs(connection&, journal_writer&, const run_ending&, run_id after, int most_steps,
                                system_time now);

}  // namespace orchestrator::sqlite
