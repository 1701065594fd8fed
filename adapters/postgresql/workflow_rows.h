// orchestrator_workflows, row by row. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <vector>

#include "adapters/postgresql/connection.h"
#include "domain/workflow/workflow.h"

namespace orchestrator::postgresql {

std::vector<workflow> list_workflows(connection&);
result<workflow> find_workflow(connection&, workflow_id);
result<workflow> find_workflow_by_name(connection&, const std::string& name);
bool knows_workflow_name(connection&, const std::string& name);
result<void> insert_workflow(connection&, const workflow&);
result<workflow> replace_workflow(connection&, const workflow&);
result<workflow> enable_workflow(connection&, workflow_id, bool enabled, system_time now);
result<void> delete_workflow(connection&, workflow_id, system_time now);
result<workflow> restore_workflow(connection&, workflow_id, system_time now);

}  // namespace orchestrator::postgresql
