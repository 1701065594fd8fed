// How the API shows a service: what this instance knows of it, what an operator set, and why it stands where it is.
#pragma once

#include <string>

#include "api/json_values.h"
#include "domain/limits/service_setting.h"
#include "engine/service_view.h"

namespace orchestrator::api {

// "paused", "down", "tried", "throttled", "slow", "well"; "unused" for what nobody has called yet.
[[nodiscard]] std::string_view state_of(const service_view&);

// One sentence for people.
[[nodiscard]] std::string explain(const service_view&);

// `seen`: nullptr when this instance has not called the service yet; `set`: nullptr when no operator has touched it.
[[nodiscard]] json::object service_to_json(const std::string& name, const service_view* seen,
                                           const service_setting* set);

}  // namespace orchestrator::api
