// orchestrator_tenant_runs, orchestrator_step_results and the leases. Synchronous; called on a worker's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/postgresql/connection.h"
#include "adapters/postgresql/open_claims.h"
#include "ports/execution_store.h"
#include "ports/run_store.h"

namespace orchestrator::postgresql {

struct result_to_insert {
    execution_id execution;
    run_id run;
    const step_record* record;
};

// Rows of orchestrator_step_results, column by column.
class result_columns {
  public:
    void add(const result_to_insert&);
    [[nodiscard]] bool empty() const { return runs_.size() == 0; }
    // Hands the arrays to `query(entity, name, arrays...)`.
    template <class Query>
    void insert_by(Query query) const {
        query("tenant_runs", "insert_results", executions_, runs_, steps_, statuses_, attempts_, http_statuses_,
              carried_over_, started_at_, durations_, results_, error_codes_, error_messages_);
    }

  private:
    array_of<execution_id> executions_;
    array_of<std::int64_t> runs_;
    array_of<int> steps_;
    array_of<std::string_view> statuses_;
    array_of<int> attempts_;
    array_of<int> http_statuses_;
    array_of<bool> carried_over_;
    array_of<system_time> started_at_;
    array_of<std::int64_t> durations_;
    array_of<std::string_view> results_;
    array_of<std::string_view> error_codes_;
    array_of<std::string_view> error_messages_;
};

// The tenants that the execution did not have yet, with their runs.
std::map<tenant_id, run_id> insert_runs(connection&, execution_id, const std::vector<planned_run>&);
void insert_results(connection&, const std::vector<result_to_insert>&);
// By run, then step.
std::vector<step_record> read_results(connection&, const array_of<execution_id>&, const array_of<std::int64_t>& runs);

std::vector<claimed_run> claim_runs(connection&, open_claims&, const std::string& instance_id, int limit,
                                    system_time now, const std::vector<std::string>& closed_services);
std::int64_t count_open_runs(connection&, int most, system_time now, const std::vector<std::string>& closed_services);
std::optional<system_time> next_parked_run(connection&, const std::vector<std::string>& closed_services);

// False: it had none. superseded: another process has taken the name since.
result<bool> renew_lease(connection&, const std::string& instance_id, uuid process, milliseconds lease);
int release_runs(connection&, const std::string& instance_id, const std::vector<run_claim>& claims);
// In transactions of its own.
int release_unknown_runs(connection&, const std::string& instance_id, const std::vector<run_claim>& known);
std::vector<std::string> live_instances(connection&);
// Ends the sessions of instances that hold rows and have said nothing for so long in the middle of a batch.
void end_silent_sessions(connection&, milliseconds silence);
int release_lost_runs(connection&, const std::string& survivor);
int release_instances(connection&, const std::vector<std::string>& instances);

}  // namespace orchestrator::postgresql
