#include "api/api.h"

#include <algorithm>
#include <ranges>

#include "api/query_parameters.h"
#include "api/request_body.h"
#include "api/resources.h"

namespace orchestrator::api {
namespace {

using enum route_input;

constexpr route routes[] = {
    {"GET", "/workflows", nothing, list_workflows},
    {"POST", "/workflows", body, create_workflow},
    {"GET", "/workflows/{id}", nothing, show_workflow},
    {"PUT", "/workflows/{id}", body, replace_workflow},
    {"DELETE", "/workflows/{id}", nothing, delete_workflow},
    {"POST", "/workflows/{id}/restore", nothing, restore_workflow},
    {"POST", "/workflows/{id}/enable", nothing, enable_workflow},
    {"POST", "/workflows/{id}/disable", nothing, disable_workflow},
    {"POST", "/workflows/{id}/execute", body, execute_workflow},
    {"GET", "/executions", query, list_executions},
    {"GET", "/executions/failed", query, list_failed_executions},
    {"GET", "/executions/{id}", nothing, show_execution},
    {"GET", "/executions/{id}/tenants", query, list_tenants},
    {"GET", "/executions/{id}/logs", query, list_logs},
    {"GET", "/executions/{id}/events", query, stream_events},
    {"POST", "/executions/{id}/retry", nothing, retry_execution},
    {"POST", "/executions/{id}/cancel", nothing, cancel_execution},
    {"POST", "/workflows/{id}/pause", nothing, pause_workflow},
    {"POST", "/workflows/{id}/resume", nothing, resume_workflow},
    {"GET", "/schedule", nothing, list_schedules},
    {"PUT", "/schedule", body, change_schedules},
    {"GET", "/schedule/next-run", query, show_next_run},
    {"GET", "/schedule/preview", query, preview_schedule},
    {"GET", "/schedule/explain", query, explain_schedule},
    {"GET", "/schedule/dry-run", query, dry_run_schedule},
    {"GET", "/backfills", query, list_backfills},
    {"POST", "/backfills", body, create_backfill},
    {"GET", "/backfills/{id}", nothing, show_backfill},
    {"POST", "/backfills/{id}/cancel", nothing, cancel_backfill},
    {"GET", "/calendars", nothing, list_calendars},
    {"GET", "/calendars/{id}", query, show_calendar},
    {"PUT", "/calendars/{id}", body, put_calendar},
    {"DELETE", "/calendars/{id}", nothing, delete_calendar},
    {"POST", "/calendars/{id}/import", query_and_body, import_calendar},
    {"GET", "/calendars/{id}/holidays", query, list_holidays},
    {"GET", "/events", query, list_events},
    {"GET", "/leader", nothing, show_leader},
    {"GET", "/services", nothing, list_services},
    {"GET", "/services/{id}", nothing, show_service},
    {"PUT", "/services/{id}", body, change_service},
    {"GET", "/health", nothing, show_health},
    {"GET", "/health/live", nothing, show_liveness},
};

// Beside the API.
constexpr route metrics_routes[] = {{"GET", "/metrics", nothing, show_metrics}};

// The path below base_path; nullopt when it lies elsewhere.
std::optional<std::span<const std::string>> below_base(const target& where) {
    auto prefix = base_path.substr(1) | std::views::split('/');
    auto segment = where.segments.begin();
    for (const auto part : prefix)
        if (segment == where.segments.end() || *segment++ != std::string_view{part.begin(), part.end()})
            return std::nullopt;
    return std::span{segment, where.segments.end()};
}

std::expected<void, problem> refuse_input(const route& matched, const target& where, const request& message) {
    if (matched.input != query && matched.input != query_and_body)
        if (auto refused = query_parameters{where.query}.conclude(); !refused) return refused;
    const bool writes = matched.method != "GET";
    const bool reads_body = matched.input == body || matched.input == query_and_body;
    return writes && !reads_body ? refuse_body(message) : std::expected<void, problem>{};
}

// A write that could not be carried out is refused early and with the true reason. Reads go on.
std::expected<void, problem> refuse_write(const route& matched, const engine_health& health) {
    if (matched.method == "GET") return {};
    if (!health.accepting) return refuse(errc::stopping, "this instance is shutting down");
    if (health.store_problem) return refuse(health.store_problem->code, health.store_problem->message);
    return {};
}

void add_unless_present(http_headers& headers, std::string_view name, std::string_view value) {
    if (find_header(headers, name).empty()) headers.emplace_back(name, value);
}

}  // namespace

api::api(api_dependencies dependencies) : dependencies_{std::move(dependencies)} {}

task<response> api::handle(request message) {
    const bool only_head = message.method == "HEAD";
    auto answered = co_await answer_to(std::move(message));
    auto reply = answered ? std::move(*answered) : to_response(answered.error());
    add_unless_present(reply.headers, "Cache-Control", "no-store");
    add_unless_present(reply.headers, "X-Content-Type-Options", "nosniff");
    if (only_head) reply.next_chunk = nullptr;
    co_return reply;
}

task<answer> api::answer_to(request message) {
    auto where = parse_target(message.target);
    if (!where) co_return std::unexpected{std::move(where.error())};
    const auto path = below_base(*where);
    auto matched =
        path ? find_route(routes, message.method, *path) : find_route(metrics_routes, message.method, where->segments);
    if (!matched) co_return std::unexpected{std::move(matched.error())};
    const auto& found = *matched->found;
    if (auto refused = refuse_input(found, *where, message); !refused)
        co_return std::unexpected{std::move(refused.error())};
    if (auto refused = refuse_write(found, dependencies_.engine.health()); !refused)
        co_return std::unexpected{std::move(refused.error())};
    co_return co_await found.handle(dependencies_,
                                    {std::move(message), std::move(where->query), std::move(matched->id)});
}

}  // namespace orchestrator::api
