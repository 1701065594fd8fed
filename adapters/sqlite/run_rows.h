// orchestrator_tenant_runs, orchestrator_step_results and the leases. Synchronous; called on a worker's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/sqlite/connection.h"
#include "ports/execution_store.h"
#include "ports/run_store.h"

namespace orchestrator::sqlite {

// nullopt: the execution has this tenant already.
std::optional<run_id> insert_run(connection&, execution_id, const planned_run&);
// False: the step is recorded already, and stays as it was.
bool insert_result(connection&, run_id, const step_record&);
std::vector<step_record> read_results(connection&, run_id);

std::vector<claimed_run> claim_runs(connection&, const std::string& instance_id, int limit, system_time now,
                                    const std::vector<std::string>& closed_services);
std::int64_t count_open_runs(connection&, int most, system_time now, const std::vector<std::string>& closed_services);
std::optional<system_time> next_parked_run(connection&, const std::vector<std::string>& closed_services);
bool holds_claim(connection&, const run_claim&);
void end_claim(connection&, run_id, const run_outcome&, system_time now);

// False: it had none.
bool renew_lease(connection&, const std::string& instance_id, system_time until);
int release_runs(connection&, const std::string& instance_id, const std::vector<run_claim>& claims);
int release_unknown_runs(connection&, const std::string& instance_id, const std::vector<run_claim>& known);
std::vector<std::string> live_instances(connection&, system_time now);
int release_lost_runs(connection&, system_time now, const std::string& survivor);
int release_instance(connection&, const std::string& instance_id);
void release_every_instance(connection&);

}  // namespace orchestrator::sqlite
