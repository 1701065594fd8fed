// orchestrator_executions and what is read beside them. Synchronous; called by store.cpp on a worker's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/postgresql/connection.h"
#include "ports/execution_store.h"

namespace orchestrator::postgresql {

struct execution_to_insert {
    const execution* opened;
    std::string tenant_groups;  // one a line
};

result<opened_execution> open_execution(connection&, const execution&);
// Without a look at their keys.
void insert_executions(connection&, const std::vector<execution_to_insert>&);
result<int> insert_runs(connection&, execution_id, const std::vector<planned_run>&, system_time now);
result<void> note_planning_problem(connection&, execution_id, const std::string& problem);
result<void> complete_planning(connection&, execution_id, const planning_outcome&, system_time now);
std::vector<execution_id> claim_planning(connection&, const std::string& instance_id,
                                         const std::vector<execution_id>& known, int most);
void leave_planning(connection&, execution_id, const std::string& instance_id, const std::string& problem);
// The runs of it that nobody holds are left to end_next_runs.
result<void> request_cancel(connection&, execution_id, system_time now);
result<execution> finish_if_done(connection&, execution_id, system_time now);

result<execution> find_execution(connection&, execution_id);
std::vector<execution> open_executions(connection&);
std::int64_t lowest_waiting_rank(connection&);
std::vector<execution> list_executions(connection&, const execution_query&);
result<std::vector<step_summary>> step_summaries(connection&, execution_id);
result<std::vector<tenant_run_view>> list_runs(connection&, execution_id, const run_query&);
result<std::vector<log_entry>> list_logs(connection&, execution_id, const log_query&);

}  // namespace orchestrator::postgresql
