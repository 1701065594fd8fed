// Decisions about schedules, and the tenants' groups. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <vector>

#include "adapters/postgresql/connection.h"
#include "ports/schedule_store.h"

namespace orchestrator::postgresql {

std::int64_t schedule_revision(connection&);
void bump_schedule_revision(connection&);
decision_receipt decide(connection&, const std::vector<schedule_decision>&, system_time now);

std::vector<decided_occurrence> list_occurrences(connection&, workflow_id, system_time from, system_time until,
                                                 int limit);
std::vector<schedule_version> list_schedule_versions(connection&, workflow_id);
std::optional<system_time> busy_until(connection&, workflow_id, system_time now);
std::vector<milliseconds> past_durations(connection&, workflow_id, int most);
std::vector<tenant_group> list_tenant_groups(connection&);
void replace_tenant_groups(connection&, const std::vector<tenant_group>&);

}  // namespace orchestrator::postgresql
