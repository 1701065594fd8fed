#include "platform_simulator/behaviour/routes.h"

#include <algorithm>

namespace orchestrator::simulator {
namespace {

struct known_route {
    route where;
    std::string_view name;
    std::string_view method;
    bool names_tenant;      // the path begins with /api/v1/tenants/{id}
    std::string_view path;  // the whole path, or what comes after the tenant
};

constexpr std::string_view tenant_prefix = "/api/v1/tenants/";

// In the order of the enumeration.
constexpr std::array<known_route, route_count> known_routes{{
    {route::list_tenants, "list_tenants", "GET", false, "/api/v1/tenants"},
    {route::get_tenant, "get_tenant", "GET", true, ""},
    {route::list_children, "list_children", "GET", true, "/children"},
    {route::get_subscription, "get_subscription", "GET", true, "/subscription"},
    {route::generate_forecasts, "generate_forecasts", "POST", false, "/api/v1/forecasting/generate"},
    {route::calculate_production, "calculate_production", "POST", false, "/api/v1/production/schedules/generate"},
    {route::calculate_procurement, "calculate_procurement", "POST", false, "/api/v1/procurement/needs/calculate"},
    {route::project_inventory, "project_inventory", "POST", false, "/api/v1/inventory/projections/generate"},
    {route::validate_forecasts, "validate_forecasts", "POST", true, "/forecasting/validation/validate-yesterday"},
    {route::send_notification, "send_notification", "POST", false, "/api/v1/notifications/send"},
    {route::archive_alerts, "archive_alerts", "POST", true, "/alerts/archive"},
    {route::get_job, "get_job", "GET", true, "/job"},
}};

struct split_path {
    std::string_view tenant;
    std::string_view rest;
};

split_path split_off_tenant(std::string_view path) {
    if (!path.starts_with(tenant_prefix)) return {{}, path};
    path.remove_prefix(tenant_prefix.size());
    const auto end = std::min(path.find('/'), path.size());
    return {path.substr(0, end), path.substr(end)};
}

}  // namespace

std::string_view to_string(route where) { return known_routes[std::size_t(where)].name; }

std::optional<route> parse_route(std::string_view name) {
    for (const auto& known : known_routes)
        if (known.name == name) return known.where;
    return std::nullopt;
}

bool has_effect(route where) { return known_routes[std::size_t(where)].method == "POST"; }

std::expected<matched_route, no_route> match_route(std::string_view method, std::string_view target) {
    const auto question_mark = target.find('?');
    const auto query = question_mark == target.npos ? std::string_view{} : target.substr(question_mark + 1);
    const auto [tenant, rest] = split_off_tenant(target.substr(0, question_mark));
    for (const auto& known : known_routes) {
        if (known.names_tenant == tenant.empty() || known.path != rest) continue;
        if (known.method != method) return std::unexpected{no_route::wrong_method};
        return matched_route{known.where, tenant, query};
    }
    return std::unexpected{no_route::unknown_path};
}

}  // namespace orchestrator::simulator
