// The routes of the simulated services, all on one port because their paths are distinct.
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string_view>

namespace orchestrator::simulator {

enum class route {
    list_tenants,
    get_tenant,
    list_children,
    get_subscription,
    generate_forecasts,
    calculate_production,
    calculate_procurement,
    project_inventory,
    validate_forecasts,
    send_notification,
    archive_alerts,
    get_job,  // `?key=…&done_at=…`, as the Location of an accepted job has it
};

inline constexpr std::size_t route_count = 12;

[[nodiscard]] std::string_view to_string(route);
[[nodiscard]] std::optional<route> parse_route(std::string_view);

// Routes that change something at the platform: calls to these are counted as effects.
[[nodiscard]] bool has_effect(route);

struct matched_route {
    route where;
    std::string_view tenant;  // as it stands in the path; empty when the path has none
    std::string_view query;   // without "?"
};

enum class no_route { unknown_path, wrong_method };

// `target`: path and query. The views of the answer point into it.
[[nodiscard]] std::expected<matched_route, no_route> match_route(std::string_view method, std::string_view target);

}  // namespace orchestrator::simulator
