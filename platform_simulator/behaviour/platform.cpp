#include "platform_simulator/behaviour/platform.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <utility>

#include "platform_simulator/behaviour/draws.h"
#include "platform_simulator/behaviour/fault_damage.h"

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;

constexpr int most_days_ahead = 90;

int usual_days_ahead(route where) { return where == route::generate_forecasts ? 7 : 14; }

std::uint64_t identity_of(std::string_view key) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace

// A request after its path and body were read. `refusal` is set when that failed.
struct platform::understood_request {
    const incoming_request& raw;
    matched_route matched;
    std::optional<tenant_id> tenant;
    int days_ahead = 0;
    std::optional<answer> refusal;
};

platform::platform(bakery_settings settings, fault_plan plan)
    : seed_{settings.seed},
      tenants_{settings},
      chain_{settings.seed, tenants_.all().size()},
      faults_{std::move(plan)} {}

planned_answer platform::respond(const incoming_request& raw) {
    const auto matched = match_route(raw.method, raw.target);
    if (matched) return answer_with_faults(understand(*matched, raw));
    const bool wrong_method = matched.error() == no_route::wrong_method;
    return {.content = wrong_method ? refuse(405, "Method Not Allowed") : refuse(404, "Not Found"),
            .retry_after_seconds = {}};
}

platform::understood_request platform::understand(const matched_route& matched, const incoming_request& raw) {
    understood_request request{raw, matched, tenant_id::parse(matched.tenant), usual_days_ahead(matched.where), {}};
    if (!has_effect(matched.where)) return request;
    boost::system::error_code failed;
    const auto body = json::parse(raw.body.empty() ? "{}" : raw.body, failed);
    if (failed || !body.is_object()) {
        request.refusal = refuse(400, "the body is not a JSON object");
        return request;
    }
    read_tenant(request, body.get_object());
    read_days_ahead(request, body.get_object());
    return request;
}

void platform::read_tenant(understood_request& request, const json::object& fields) {
    if (!request.matched.tenant.empty()) return;  // the path has named it
    const auto* id = fields.if_contains("tenant_id");
    if (id && id->is_string()) request.tenant = tenant_id::parse(id->get_string());
    if (!request.tenant) request.refusal = refuse(422, "tenant_id: a UUID is required");
}

void platform::read_days_ahead(understood_request& request, const json::object& fields) {
    const auto* days = fields.if_contains("days_ahead");
    if (!days) return;
    if (days->is_int64() && days->get_int64() >= 1 && days->get_int64() <= most_days_ahead)
        request.days_ahead = static_cast<int>(days->get_int64());
    else
        request.refusal = refuse(422, fmt::format("days_ahead: an integer from 1 to {}", most_days_ahead));
}

planned_answer platform::answer_with_faults(const understood_request& request) {
    const auto drawn = faults_.next(request.matched.where, request.tenant);
    const bool works = !drawn.rule || strikes_after_work(*drawn.rule);
    planned_answer planned{
        .content = works ? do_work(request) : answer{}, .delay = drawn.delay, .retry_after_seconds = {}};
    if (drawn.rule) damage(planned, drawn);
    return planned;
}

answer platform::do_work(const understood_request& request) {
    if (request.refusal) return *request.refusal;
    const bakery* tenant = request.tenant ? tenants_.find(*request.tenant) : nullptr;
    if (!tenant && request.matched.where != route::list_tenants) return refuse(404, "Tenant not found");
    if (!has_effect(request.matched.where)) return read(request, tenant);
    const bool closed = tenant->status == tenant_status::suspended || tenant->status == tenant_status::cancelled;
    if (closed) return refuse(403, fmt::format("tenant is {}", to_string(tenant->status)));
    return act_once(request, *tenant);
}

answer platform::read(const understood_request& request, const bakery* tenant) const {
    switch (request.matched.where) {
        case route::get_tenant:
            return succeed(tenants_.details(*tenant));
        case route::list_children:
            return succeed(tenants_.children(*tenant));
        case route::get_subscription:
            return succeed(tenants_.subscription(*tenant));
        default:
            break;
    }
    const auto page = parse_page_request(request.matched.query);
    return page ? succeed(tenants_.page(*page)) : refuse(422, page.error());
}

answer platform::act_once(const understood_request& request, const bakery& tenant) {
    const auto key = request.raw.idempotency_key;
    if (effect* known = key.empty() ? nullptr : effects_.find(key)) {
        if (known->where != request.matched.where || known->tenant != tenant.id) {
            effects_.refuse_reuse();
            return refuse(422, "Idempotency-Key was used for another request");
        }
        effects_.repeat(*known);
        return known->answer.empty() ? act(request, tenant) : answer{200, known->answer};
    }
    auto made = act(request, tenant);
    if (made.succeeded()) effects_.record(key, request.matched.where, tenant.id, made.body);
    return made;
}

answer platform::act(const understood_request& request, const bakery& tenant) {
    const auto key = request.raw.idempotency_key;
    const chain_request asked{
        .tenant = tenant,
        .today = std::chrono::floor<std::chrono::days>(request.raw.now),
        .days_ahead = request.days_ahead,
        .identity = draw(seed_, purpose::effect_identity, key.empty() ? faults_.calls() : identity_of(key))};
    switch (request.matched.where) {
        case route::generate_forecasts:
            return chain_.generate_forecasts(asked);
        case route::calculate_production:
            return chain_.calculate_production(asked);
        case route::calculate_procurement:
            return chain_.calculate_procurement(asked);
        case route::project_inventory:
            return chain_.project_inventory(asked);
        case route::validate_forecasts:
            return chain_.validate_yesterday(asked);
        case route::archive_alerts:
            return chain_.archive_alerts(asked);
        default:
            return chain_.send_notification(asked);
    }
}

void platform::reset() {
    effects_.forget();
    chain_.forget();
    faults_.restart();
}

}  // namespace orchestrator::simulator
