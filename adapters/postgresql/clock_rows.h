// The time as the store knows it. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include "adapters/postgresql/connection.h"
#include "ports/clock_store.h"

namespace orchestrator::postgresql {

store_time read_clock(connection&);
system_time age_history(connection&, system_time now, milliseconds most);

}  // namespace orchestrator::postgresql
