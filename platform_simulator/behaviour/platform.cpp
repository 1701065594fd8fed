#include "platform_simulator/behaviour/platform.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "platform_simulator/behaviour/draws.h"
#include "platform_simulator/behaviour/fault_damage.h"
#include "platform_simulator/behaviour/query.h"

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;

constexpr int most_days_ahead = 90;

constexpr std::string_view api_prefix = "/api/v1/";

int usual_days_ahead(route where) { return where == route::generate_forecasts ? 7 : 14; }

std::uint64_t identity_of(std::string_view key) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace

// A request after its path and body were read. `refusal` is set when that failed.
struct platform::understood_request {
    incoming_request raw;  // its target lies below the base path
    matched_route matched;
    std::optional<tenant_id> tenant;
    int days_ahead = 0;
    std::optional<answer> refusal;
};

platform::platform(bakery_settings settings, fault_plan plan, std::string base_path)
    : seed_{settings.seed},
      base_path_{std::move(base_path)},
      tenants_{settings},
      chain_{settings.seed, tenants_.all().size()},
      faults_{std::move(plan)} {}

planned_answer platform::respond(const incoming_request& raw) {
    auto below = raw;
    below.target.remove_prefix(raw.target.starts_with(base_path_) ? base_path_.size() : raw.target.size());
    const auto matched = match_route(below.method, below.target);
    if (matched) return answer_with_faults(understand(*matched, below));
    planned_answer planned;
    planned.content =
        matched.error() == no_route::wrong_method ? refuse(405, "Method Not Allowed") : refuse(404, "Not Found");
    return planned;
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
    const auto drawn = faults_.next(request.matched.where, request.tenant, request.raw.now);
    planned_answer planned;
    planned.delay = drawn.delay;
    if (!drawn.rule || strikes_after_work(*drawn.rule)) planned.content = do_work(request);
    if (!drawn.rule) return planned;
    damage(planned, drawn, request.raw.now);
    if (drawn.rule->kind == fault_kind::accepted_job) turn_into_job(planned, request, *drawn.rule);
    return planned;
}

// A job is known by the key of the call that began it: its effect and its answer are there already.
void platform::turn_into_job(planned_answer& planned, const understood_request& request, const fault_rule& rule) const {
    const auto& raw = request.raw;
    if (!planned.content.succeeded() || raw.idempotency_key.empty()) return;
    const auto done_at = raw.now + milliseconds{std::llround(rule.work_ms)};
    const auto path = raw.target.substr(0, raw.target.find('?'));
    std::string above = base_path_ + std::string{api_prefix};
    if (rule.location == location_form::relative_path) {
        above.clear();
        for (auto left = std::ranges::count(path.substr(api_prefix.size()), '/'); left > 0; --left) above += "../";
    }
    planned.location = fmt::format("{}tenants/{}/job?key={}&done_at={}", above, to_string(*request.tenant),
                                   raw.idempotency_key, done_at.time_since_epoch().count());
    planned.content = {202, R"({"status":"accepted"})"};
}

answer platform::do_work(const understood_request& request) {
    if (request.refusal) return *request.refusal;
    const bakery* tenant = request.tenant ? tenants_.find(*request.tenant) : nullptr;
    if (!tenant && request.matched.where != route::list_tenants) return refuse(404, "Tenant not found");
    if (request.matched.where == route::get_job) return show_job(request);
    if (!has_effect(request.matched.where)) return read(request, tenant);
    const bool closed = tenant->status == tenant_status::suspended || tenant->status == tenant_status::cancelled;
    if (closed) return refuse(403, fmt::format("tenant is {}", to_string(tenant->status)));
    return act_once(request, *tenant);
}

answer platform::show_job(const understood_request& request) {
    std::string key, done_at;
    const auto parameters = read_query(request.matched.query);
    if (!parameters) return refuse(422, "the query is not percent-encoded");
    for (const auto& [name, value] : *parameters) {
        if (name == "key") key = value;
        if (name == "done_at") done_at = value;
    }
    std::int64_t ms = 0;
    std::from_chars(done_at.data(), done_at.data() + done_at.size(), ms);
    const auto* begun = effects_.find(key);
    if (!begun || begun->tenant != *request.tenant || begun->answer.empty()) return refuse(404, "no such job");
    if (request.raw.now < system_time{milliseconds{ms}}) return {202, R"({"status":"running"})"};
    return {200, begun->answer};
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
    const auto asked = parse_page_request(request.matched.query);
    if (!asked) return refuse(422, asked.error());
    const auto page = tenants_.page(*asked);
    return page ? succeed(*page) : refuse(403, "the list is not for you");
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
