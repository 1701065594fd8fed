// /events: what the platform was told, and what waits for the broker.
#include "api/page.h"
#include "api/query_parameters.h"
#include "api/resources.h"

namespace orchestrator::api {
namespace {

constexpr std::string_view without_broker = "no broker is configured (RABBITMQ_URL)";

json::object event_to_json(const kept_event& kept, bool has_broker) {
    const bool waits_for_ever = !kept.published_at && !has_broker;
    return {{"event_id", to_string(kept.of.id)},
            {"event_type", kept.of.event_type},
            {"exchange", kept.of.exchange},
            {"routing_key", kept.of.routing_key},
            {"status", kept.published_at ? "published" : "waiting"},
            {"created_at", format_time(kept.of.created_at)},
            {"published_at", time_or_null(kept.published_at)},
            {"attempts", kept.attempts},
            {"problem", text_or_null(waits_for_ever ? without_broker : kept.problem)},
            {"payload", stored_json(kept.of.payload)}};
}

}  // namespace

task<answer> list_events(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    event_query query;
    query.unpublished_only = parameters.boolean("waiting", false);
    query.before = parameters.parsed("cursor", &event_id::parse, next_cursor_of_page);
    const int limit = parameters.limit(50);
    query.limit = limit + 1;
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    auto found = co_await api.outbox.list_events(query);
    if (!found) co_return refuse(std::move(found.error()));
    const auto show = [&](const kept_event& kept) { return event_to_json(kept, api.has_broker); };
    co_return page_of("events", std::move(*found), limit, show,
                      [](const kept_event& last) { return to_string(last.of.id); });
}

}  // namespace orchestrator::api
