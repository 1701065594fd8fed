// /services: how the platform's services are doing, as this instance sees them, and what operators set for all
// instances.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "api/request_body.h"
#include "api/resources.h"
#include "api/service_json.h"

namespace orchestrator::api {
namespace {

constexpr std::chrono::days longest_pause{366};
constexpr std::size_t longest_reason = 500;

template <class Each>
const Each* named(const std::vector<Each>& among, const std::string& name, std::string Each::* field) {
    const auto found = std::ranges::find(among, name, field);
    return found == among.end() ? nullptr : &*found;
}

using service_names = std::set<std::string, std::less<>>;

std::expected<void, problem> check_known(const api_dependencies& api, const std::string& name) {
    if (!api.rules.services || api.rules.services->contains(name)) return {};
    return refuse(errc::not_found, fmt::format("service \"{}\" is not configured; there are: {}", excerpt(name),
                                               fmt::join(*api.rules.services, ", ")));
}

// All that are configured; where any name will do, those that are known from elsewhere.
service_names names_of(const api_dependencies& api, const std::vector<service_view>& seen,
                       const std::vector<service_setting>& set) {
    if (api.rules.services) return *api.rules.services;
    service_names names;
    for (const auto& each : seen) names.insert(each.name);
    for (const auto& each : set) names.insert(each.service);
    return names;
}

std::optional<system_time> read_pause(json_fields& fields, system_time now) {
    const auto text = fields.text("paused_until", 40);
    if (!text) return std::nullopt;
    const auto until = parse_time(*text);
    if (!until)
        fields.add_violation("paused_until", fmt::format("\"{}\" is no time such as 2026-12-24T18:00:00Z", *text));
    else if (*until <= now)
        fields.add_violation("paused_until", fmt::format("{} is over already: it is {} here; null lifts a pause",
                                                         format_time(*until), format_time(now)));
    else if (*until > now + longest_pause)
        fields.add_violation("paused_until",
                             fmt::format("{} is more than {} days away", format_time(*until), longest_pause.count()));
    return until;
}

std::expected<service_change, problem> read_change(const json::value& body, std::string name, int most_calls,
                                                   system_time now) {
    std::vector<violation> violations;
    json_fields fields{body, "", violations};
    service_change change{.service = std::move(name)};
    if (fields.has("max_calls")) {
        const auto calls = fields.integer("max_calls", {1, double(most_calls)});
        change.max_calls = calls ? std::optional{int(*calls)} : std::nullopt;
    }
    if (fields.has("paused_until")) change.paused_until = read_pause(fields, now);
    if (fields.has("pause_for_seconds")) {
        constexpr double most = std::chrono::seconds{longest_pause}.count();
        const auto seconds = fields.integer("pause_for_seconds", {1, most});
        if (fields.has("paused_until")) fields.add_violation("pause_for_seconds", "goes without paused_until");
        if (seconds) change.paused_until = now + std::chrono::seconds{*seconds};
    }
    const bool is_explained = fields.has("reason");
    change.reason = fields.text("reason", longest_reason).value_or("");  // of this change, not of one before it
    if (change.paused_until && *change.paused_until && change.reason.value_or("").empty())
        fields.add_violation("reason", "is required with a pause: who finds it asks why");
    fields.refuse_unknown();
    if (violations.empty() && !change.max_calls && !change.paused_until && !is_explained)
        violations.push_back({"", "max_calls, paused_until, pause_for_seconds or reason is required"});
    if (!violations.empty()) return refuse_broken_rules(std::move(violations));
    return change;
}

// A pause that is over is none.
task<result<std::vector<service_setting>>> settings_now(const api_dependencies& api) {
    auto all = co_await api.service_settings.list_service_settings();
    if (!all) co_return all;
    for (auto& each : *all)
        if (each.paused_until && *each.paused_until <= api.time.now()) each.paused_until.reset();
    co_return all;
}

}  // namespace

task<answer> list_services(const api_dependencies& api, routed_request) {
    const auto settings = co_await settings_now(api);
    if (!settings) co_return refuse(settings.error());
    const auto views = api.engine.services();
    json::array list;
    for (const auto& name : names_of(api, views, *settings))
        list.push_back(service_to_json(name, named(views, name, &service_view::name),
                                       named(*settings, name, &service_setting::service)));
    co_return json_response(200, json::object{{"instance_id", api.instance_id}, {"services", std::move(list)}});
}

task<answer> show_service(const api_dependencies& api, routed_request request) {
    if (auto known = check_known(api, request.id); !known) co_return std::unexpected{std::move(known.error())};
    const auto settings = co_await settings_now(api);
    if (!settings) co_return refuse(settings.error());
    const auto views = api.engine.services();
    co_return json_response(200, service_to_json(request.id, named(views, request.id, &service_view::name),
                                                 named(*settings, request.id, &service_setting::service)));
}

task<answer> change_service(const api_dependencies& api, routed_request request) {
    if (auto known = check_known(api, request.id); !known) co_return std::unexpected{std::move(known.error())};
    const auto body = read_json_body(request.message);
    if (!body) co_return std::unexpected{body.error()};
    if (!*body) co_return refuse_unreadable({{"", "an object is required as the JSON body"}});
    auto change = read_change(**body, request.id, api.max_calls_per_service, api.time.now());
    if (!change) co_return std::unexpected{std::move(change.error())};
    const auto kept = co_await api.service_settings.change_service(std::move(*change), api.time.now());
    if (!kept) co_return refuse(kept.error());
    const auto views = api.engine.services();
    co_return json_response(200, service_to_json(request.id, named(views, request.id, &service_view::name), &*kept));
}

}  // namespace orchestrator::api
