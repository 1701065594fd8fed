// How long history is kept. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include "adapters/sqlite/connection.h"

namespace orchestrator::sqlite {

// Executions that were made before `keep_from` and have ended, at most `most` of them. Returns how many.
int forget_executions(connection&, system_time keep_from, int most);

}  // namespace orchestrator::sqlite
