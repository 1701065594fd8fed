// orchestrator_calendars: every version of each. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <vector>

#include "adapters/postgresql/connection.h"
#include "ports/calendar_store.h"

namespace orchestrator::postgresql {

std::vector<stored_calendar> list_calendars(connection&);
result<stored_calendar> find_calendar(connection&, const std::string& code, int version);
stored_calendar put_calendar(connection&, stored_calendar);
result<void> delete_calendar(connection&, const std::string& code, system_time now);

}  // namespace orchestrator::postgresql
