// Executions, their tenants and their logs as the API shows them (docs/api.md, Executions).
#pragma once

#include <boost/json.hpp>

#include <string>
#include <vector>

#include "domain/execution/execution.h"

namespace orchestrator::api {

// `now` ends the duration of an execution that still runs.
[[nodiscard]] boost::json::object execution_to_json(const execution&, system_time now);
// The same with `step_summaries`.
[[nodiscard]] boost::json::object execution_to_json(const execution&, const std::vector<step_summary>&,
                                                    system_time now);
// `step_names`: by step index (domain/workflow, step_names_of).
[[nodiscard]] boost::json::object run_to_json(const tenant_run_view&, const std::vector<std::string>& step_names);
[[nodiscard]] boost::json::object log_to_json(const log_entry&);

}  // namespace orchestrator::api
