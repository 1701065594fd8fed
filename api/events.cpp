// /events: what the platform was told, and what waits for the broker.
#include "api/query_parameters.h"
#include "api/resources.h"

namespace orchestrator::api {
namespace {

json::object event_to_json(const kept_event& kept) {
    boost::system::error_code unreadable;
    auto payload = json::parse(kept.of.payload, unreadable);
    return {{"event_id", to_string(kept.of.id)},
            {"event_type", kept.of.event_type},
            {"exchange", kept.of.exchange},
            {"routing_key", kept.of.routing_key},
            {"status", kept.published_at ? "published" : "waiting"},
            {"created_at", format_time(kept.of.created_at)},
            {"published_at", kept.published_at ? json::value(format_time(*kept.published_at)) : json::value(nullptr)},
            {"attempts", kept.attempts},
            {"problem", kept.problem.empty() ? json::value(nullptr) : json::value(kept.problem)},
            {"payload", std::move(payload)}};
}

}  // namespace

task<answer> list_events(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    event_query query;
    query.unpublished_only = parameters.boolean("waiting", false);
    query.before = parameters.parsed("cursor", &event_id::parse, "the next_cursor of a page");
    const int limit = parameters.limit(50);
    query.limit = limit + 1;
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    auto found = co_await api.outbox.list_events(query);
    if (!found) co_return refuse(std::move(found.error()));
    json::value next;
    if (found->size() > std::size_t(limit)) {
        found->pop_back();
        next = to_string(found->back().of.id);
    }
    json::array list;
    for (const auto& each : *found) list.push_back(event_to_json(each));
    co_return json_response(200, json::object{{"events", std::move(list)}, {"next_cursor", std::move(next)}});
}

}  // namespace orchestrator::api
