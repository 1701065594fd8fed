// What this process has open and what it lacks, for /health and /metrics. Filled in by server/, which knows the
// sockets.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/run_control.h"

namespace orchestrator::api {

struct process_figures {
    std::size_t service_connections = 0;  // idle ones included
    std::size_t max_service_connections = 0;
    int waiting_calls = 0;  // for a connection
    std::size_t api_connections = 0;
    std::size_t max_api_connections = 0;
    std::vector<health_problem> problems;
};

}  // namespace orchestrator::api
