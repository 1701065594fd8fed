// Waits for an execution in front of the person, and reports how it ended.
#pragma once

#include <string>

#include "cli/command_context.h"

namespace orchestrator::cli {

// The exit status: 0 completed, 1 otherwise, 130 after Ctrl-C (the execution goes on). With JSON output the final
// execution with "failures" is the only thing on stdout.
int wait_for_execution(command_context&, const std::string& id);

}  // namespace orchestrator::cli
