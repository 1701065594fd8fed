// What the client and the server of this process tell of their connections, in the words of /health and /metrics. Pure.
#pragma once

#include "adapters/http/client.h"
#include "adapters/http/server.h"
#include "api/process_figures.h"
#include "domain/time.h"

namespace orchestrator::server {

[[nodiscard]] api::process_figures report_connections(const http::client_figures& to_services,
                                                      const http::server_figures& of_api, steady_time now);

}  // namespace orchestrator::server
