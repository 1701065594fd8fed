// Is this instance alive, and can it do its work? Asks no store, so that it answers while the store does not.
#include <algorithm>
#include <iterator>

#include "api/resources.h"

namespace orchestrator::api {
namespace {

// Draining comes first: an instance that stops is to be taken out, whatever its store does.
std::string_view status_of(const engine_health& health) {
    if (!health.accepting) return "stopping";
    if (health.store_problem) return "unhealthy";
    return health.problems.empty() ? "healthy" : "degraded";
}

// With what this process lacks, which the engine does not know.
engine_health health_of(const api_dependencies& api) {
    auto health = api.engine.health();
    if (!api.process) return health;
    auto process = api.process();
    std::ranges::move(process.problems, std::back_inserter(health.problems));
    return health;
}

json::array problems_to_json(const std::vector<health_problem>& problems) {
    json::array listed;
    for (const auto& each : problems)
        listed.push_back({{"kind", each.kind}, {"subject", each.subject}, {"message", each.message}});
    return listed;
}

}  // namespace

task<answer> show_health(const api_dependencies& api, routed_request) {
    const auto health = health_of(api);
    const auto status = status_of(health);
    const json::value problem_text =
        health.store_problem ? json::value(health.store_problem->message) : json::value(nullptr);
    // A degraded instance answers its clients: taking it out of a load balancer would help nobody.
    co_return json_response(status == "healthy" || status == "degraded" ? 200 : 503,
                            json::object{{"status", status},
                                         {"version", ORCHESTRATOR_VERSION},
                                         {"instance_id", api.instance_id},
                                         {"store", json::object{{"kind", api.store_kind}, {"problem", problem_text}}},
                                         {"problems", problems_to_json(health.problems)},
                                         {"leads", health.leads},
                                         {"active_runs", health.active_runs},
                                         {"refused_writes", health.refused_writes},
                                         {"calls_in_flight", health.calls_in_flight}});
}

task<answer> show_liveness(const api_dependencies&, routed_request) {
    co_return json_response(200, json::object{{"status", "alive"}});
}

}  // namespace orchestrator::api
