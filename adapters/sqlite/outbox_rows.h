// orchestrator_outbox. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <vector>

#include "adapters/sqlite/connection.h"
#include "ports/event_outbox.h"

namespace orchestrator::sqlite {

void insert_event(connection&, const event&);
std::vector<kept_event> unpublished_events(connection&, int limit, system_time now);
void note_published(connection&, const std::vector<event_id>&, system_time now);
void note_unpublished(connection&, const std::vector<unpublished_event>&);
// Those of before, whether a broker took them or not.
// At most `most` of those that are older. Returns how many.
int forget_events(connection&, system_time keep_from, int most);
void note_broker_problem(connection&, const std::string& problem);
std::vector<kept_event> list_events(connection&, const event_query&);

}  // namespace orchestrator::sqlite
