// How long history is kept. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include "adapters/sqlite/connection.h"
#include "ports/history_store.h"

namespace orchestrator::sqlite {

// About so many rows of what is older than `keep_from`.
history_bit forget_some(connection&, system_time keep_from, int rows);

}  // namespace orchestrator::sqlite
