// The routes by which a test or a person looks behind the simulated platform and changes its faults. They begin with
// /_simulator/, and no fault touches them.
#pragma once

#include <string_view>

#include "adapters/http/server.h"
#include "platform_simulator/behaviour/platform.h"

namespace orchestrator::simulator {

[[nodiscard]] bool is_control_route(std::string_view target);

// GET effects, GET and PUT faults, POST reset, GET health.
[[nodiscard]] http::server_response control(platform&, const http::server_request&);

}  // namespace orchestrator::simulator
