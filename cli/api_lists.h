// Reads of the API that more than one command needs.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <string>

#include "cli/api_client.h"
#include "cli/run_report.h"

namespace orchestrator::cli {

struct list_part {
    boost::json::array items;
    bool more = false;  // the list goes on after the limit
};

inline constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

// Follows the cursor of a list until it has `limit` items or the list ends. `request` has no cursor and no limit yet;
// `name` is the key of the list in the answer.
[[nodiscard]] list_part read_list(api_client&, const api_request&, std::string_view name, std::size_t limit);

// The id itself; "latest" stands for the newest execution. Throws not_found while there is none.
[[nodiscard]] std::string resolve_execution(api_client&, const std::string& id);

// "/executions/{id}" or "/workflows/{name}" and what follows.
[[nodiscard]] std::string execution_path(const std::string& id, std::string_view rest = "");
[[nodiscard]] std::string workflow_path(const std::string& name, std::string_view rest = "");

// Why the tenants of an execution failed; empty for one that completed.
[[nodiscard]] report_failures read_failures(api_client&, const execution_snapshot&);

}  // namespace orchestrator::cli
