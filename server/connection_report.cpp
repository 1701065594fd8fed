#include "server/connection_report.h"

#include <fmt/format.h>

namespace orchestrator::server {
namespace {

std::int64_t seconds_since(const http::shortage& lacking, steady_time now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now - lacking.since).count();
}

}  // namespace

api::process_figures report_connections(const http::client_figures& to_services, const http::server_figures& of_api,
                                        steady_time now) {
    api::process_figures figures{.service_connections = to_services.connections,
                                 .max_service_connections = to_services.max_connections,
                                 .waiting_calls = to_services.waiting,
                                 .api_connections = of_api.connections,
                                 .max_api_connections = of_api.max_connections,
                                 .problems = {}};
    if (const auto& lacking = to_services.lacking)
        figures.problems.push_back({"descriptors", "calls",
                                    fmt::format("no connection to a service can be opened for {} s: {}",
                                                seconds_since(*lacking, now), lacking->what)});
    if (const auto& lacking = of_api.lacking)
        figures.problems.push_back({"descriptors", "api",
                                    fmt::format("no connection of a client can be accepted for {} s: {}",
                                                seconds_since(*lacking, now), lacking->what)});
    return figures;
}

}  // namespace orchestrator::server
