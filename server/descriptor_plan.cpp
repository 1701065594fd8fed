#include "server/descriptor_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator::server {
namespace {

constexpr std::size_t directory_connections = 64;  // to the tenant service, beside the calls of steps
constexpr std::size_t api_refusals = 64;           // connections that are answered 503
constexpr std::size_t store_descriptors = 32;      // connections to PostgreSQL, or SQLite's files
constexpr std::size_t reserve = 96;  // event loops, Redis, RabbitMQ, name look-ups, certificates, time zones, the log
constexpr std::size_t beside = directory_connections + api_refusals + store_descriptors + reserve;
constexpr std::size_t fewest_api_connections = 16;
constexpr std::size_t usual_api_connections = 1'024;

constexpr std::string_view remedy = "raise the hard limit (ulimit -Hn, LimitNOFILE=, docker --ulimit nofile=) or set";

violation refusal(std::string_view setting, std::size_t value, std::size_t needed, std::size_t limit,
                  std::size_t fitting) {
    return {std::string{setting},
            fitting > 0
                ? fmt::format("{} needs {} file descriptors in all, and this process may have {}: {} {} at most", value,
                              needed, limit, remedy, fitting)
                : fmt::format("{} needs {} file descriptors in all, and this process may have {}, which is too "
                              "few for any: raise the hard limit (ulimit -Hn, LimitNOFILE=, docker --ulimit "
                              "nofile=)",
                              value, needed, limit)};
}

std::size_t left_of(std::size_t limit, std::size_t taken) { return limit > taken ? limit - taken : 0; }

}  // namespace

std::expected<descriptor_plan, violation> plan_descriptors(const config& chosen, std::size_t limit) {
    const auto calls = std::size_t(chosen.max_calls);
    const auto for_calls = calls + beside;
    const auto fewest = chosen.max_api_connections
                            ? std::min(std::size_t(*chosen.max_api_connections), fewest_api_connections)
                            : fewest_api_connections;
    if (for_calls + fewest > limit)
        return std::unexpected{
            refusal("ORCHESTRATOR_MAX_CALLS", calls, for_calls + fewest, limit, left_of(limit, beside + fewest))};
    const auto left = limit - for_calls;
    const auto api =
        chosen.max_api_connections ? std::size_t(*chosen.max_api_connections) : std::min(usual_api_connections, left);
    if (api > left)
        return std::unexpected{refusal("ORCHESTRATOR_MAX_API_CONNECTIONS", api, for_calls + api, limit, left)};
    return descriptor_plan{.limit = limit,
                           .needed = for_calls + api,
                           .call_connections = calls + directory_connections,
                           .api_connections = api};
}

}  // namespace orchestrator::server
