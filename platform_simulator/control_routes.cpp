#include "platform_simulator/control_routes.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>

#include "platform_simulator/behaviour/query.h"

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view prefix = "/_simulator/";

http::server_response send(const json::value& body, int status = 200) {
    http::server_response response;
    response.status = status;
    response.headers = {{"Content-Type", status < 400 ? "application/json" : "application/problem+json"}};
    response.body = json::serialize(body);
    return response;
}

http::server_response problem(int status, std::string_view title, const std::vector<violation>& violations = {}) {
    json::object body{{"type", "about:blank"}, {"title", title}, {"status", status}};
    json::array listed;
    for (const auto& each : violations) listed.push_back({{"pointer", each.pointer}, {"message", each.message}});
    if (!listed.empty()) body["violations"] = std::move(listed);
    return send(body, status);
}

http::server_response effects(const platform& simulated, std::string_view query) {
    std::string key_prefix;
    bool detail = false;
    const auto parameters = read_query(query);
    if (!parameters) return problem(400, "the query is not percent-encoded");
    for (const auto& [key, value] : *parameters) {
        if (key == "detail") detail = value == "true";
        if (key == "key_prefix") key_prefix = value;
    }
    if (detail) return send(simulated.effects().details(key_prefix));
    return send(simulated.effects().summary());
}

http::server_response replace_faults(platform& simulated, std::string_view body) {
    auto plan = parse_fault_plan(body);
    if (!plan) return problem(422, plan.error().message, plan.error().violations);
    simulated.replace_faults(std::move(*plan));
    return send(as_json(simulated.faults().plan()));
}

http::server_response replace_list_flaws(platform& simulated, std::string_view body) {
    const auto flaws = parse_list_flaws(body);
    if (!flaws) return problem(422, flaws.error().message, flaws.error().violations);
    simulated.tenants().set_flaws(*flaws);
    return send(as_json(simulated.tenants().flaws()));
}

// The body is the status, as a JSON text.
http::server_response set_tenant_status(platform& simulated, std::string_view id, std::string_view body) {
    const auto tenant = tenant_id::parse(id);
    const auto status = body.size() > 2 ? parse_tenant_status(body.substr(1, body.size() - 2)) : std::nullopt;
    if (!status) return problem(422, "must be \"active\", \"trial\", \"suspended\" or \"cancelled\"");
    if (!tenant || !simulated.tenants().set_status(*tenant, *status)) return problem(404, "no such tenant");
    return send(simulated.tenants().details(*simulated.tenants().find(*tenant)));
}

http::server_response reset(platform& simulated) {
    simulated.reset();
    return send(simulated.effects().summary());
}

http::server_response health(const platform& simulated) {
    json::object by_route, faults;
    for (std::size_t i = 0; i < route_count; ++i) by_route[to_string(route(i))] = simulated.faults().calls_of(route(i));
    for (std::size_t i = 0; i < fault_kind_count; ++i)
        faults[to_string(fault_kind(i))] = simulated.faults().count_of(fault_kind(i));
    return send({{"status", "ok"},
                 {"tenants", simulated.tenants().all().size()},
                 {"requests", simulated.faults().calls()},
                 {"requests_by_route", std::move(by_route)},
                 {"faults", std::move(faults)}});
}

}  // namespace

bool is_control_route(std::string_view target) { return target.starts_with(prefix); }

http::server_response control(platform& simulated, const http::server_request& request) {
    const std::string_view target{request.target};
    const auto question_mark = target.find('?');
    const auto name = target.substr(0, question_mark).substr(prefix.size());
    const auto query = question_mark == target.npos ? std::string_view{} : target.substr(question_mark + 1);
    const bool get = request.method == "GET";
    if (get && name == "effects") return effects(simulated, query);
    if (get && name == "faults") return send(as_json(simulated.faults().plan()));
    if (get && name == "health") return health(simulated);
    if (request.method == "PUT" && name == "faults") return replace_faults(simulated, request.body);
    if (request.method == "PUT" && name == "list_flaws") return replace_list_flaws(simulated, request.body);
    if (request.method == "PUT" && name.starts_with("tenants/"))
        return set_tenant_status(simulated, name.substr(std::string_view{"tenants/"}.size()), request.body);
    if (request.method == "POST" && name == "reset") return reset(simulated);
    return problem(404, "no such control route");
}

}  // namespace orchestrator::simulator
