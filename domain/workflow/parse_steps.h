// Reads the `steps` of a workflow: form, names, services, bounds, the graph, the templates. Called by workflow.cpp.
#pragma once

#include <boost/json.hpp>

#include <string_view>
#include <vector>

#include "domain/workflow/workflow.h"

namespace orchestrator {

// What a step has when it does not say otherwise.
struct step_defaults {
    milliseconds timeout{300'000};
    retry_policy retry;
};

// A lower-case letter, then lower-case letters, digits and underscores; at most 64 characters.
[[nodiscard]] bool is_identifier(std::string_view);

// Every broken rule is appended to `violations`; the steps are whole only when there was none.
std::vector<step_definition> parse_steps(const boost::json::value& source, std::string_view pointer,
                                         const step_defaults&, const workflow_rules&,
                                         std::vector<violation>& violations);

}  // namespace orchestrator
