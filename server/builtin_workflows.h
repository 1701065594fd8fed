// The workflows that every installation begins with. They are data like any other: an operator may change each one,
// and what stands in the store is never overwritten.
#pragma once

#include <span>

#include "cmake/embedded_file.h"
#include "domain/error.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "ports/task.h"
#include "ports/workflow_store.h"

namespace orchestrator {
std::span<const embedded_file> builtin_workflow_files();  // workflows/*.json
}

namespace orchestrator::server {

// Inserts those whose name was never there. Returns how many.
task<result<int>> install_builtin_workflows(workflow_store&, clock&, random_source&, int longest_execution_seconds);

}  // namespace orchestrator::server
