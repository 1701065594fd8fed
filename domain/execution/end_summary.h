// What an execution came to, in one small document that stands for itself: kept with the execution, and for services
// that read it in Redis.
#pragma once

#include <string>
#include <vector>

#include "domain/execution/execution.h"

namespace orchestrator {

// JSON. Of an execution that has ended; `steps` may be empty when its definition cannot be read.
[[nodiscard]] std::string summarise_end(const execution& ended, const std::vector<step_summary>& steps);

}  // namespace orchestrator
