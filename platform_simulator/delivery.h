// Turns a planned answer into what the HTTP server sends, spoilt on purpose where the plan says so.
#pragma once

#include "adapters/http/server.h"
#include "platform_simulator/behaviour/platform.h"

namespace orchestrator::simulator {

[[nodiscard]] http::server_response render(planned_answer);

}  // namespace orchestrator::simulator
