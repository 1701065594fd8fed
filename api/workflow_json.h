// Workflows as the API shows them (docs/api.md, Workflows).
#pragma once

#include <boost/json.hpp>

#include "domain/workflow/workflow.h"

namespace orchestrator::api {

[[nodiscard]] boost::json::object workflow_to_json(const workflow&);
// Why its schedule cannot be followed; empty: it can.
[[nodiscard]] std::string_view problem_of(const workflow&);

}  // namespace orchestrator::api
