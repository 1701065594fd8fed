// `orchestrator serve`: wires the ports to their adapters and runs until a signal.
#pragma once

#include "server/config.h"

namespace orchestrator::server {

// Returns the exit code. `ready_file`: gets the base URL once the API listens; empty: none.
int serve(const config&, const std::string& ready_file);

}  // namespace orchestrator::server
