// Which services steps may call, by the environment: NAME_SERVICE_URL says where the service `name` is. Pure; used by
// the configuration.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"
#include "engine/active_execution.h"

namespace orchestrator::server {

// The platform's own services, which are there unless they are said to be elsewhere.
struct usual_service {
    std::string name;
    std::string variable;  // FORECASTING_SERVICE_URL
    std::string url;       // without that variable
};
[[nodiscard]] const std::vector<usual_service>& usual_services();

// Whether a variable defines a service. What begins with ORCHESTRATOR_ is about us.
[[nodiscard]] bool is_service_url(std::string_view variable);

// The usual services, and all that the variables define. Adds what is wrong with a usual service to `violations`, and
// other variables that define none to `doubts`: they may be somebody else's. An empty variable counts as absent.
[[nodiscard]] service_directory read_services(const std::map<std::string, std::string, std::less<>>& variables,
                                              std::vector<violation>& violations, std::vector<violation>& doubts);

}  // namespace orchestrator::server
