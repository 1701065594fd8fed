// The two ways in which a person starts an execution: execute a workflow, and retry what failed.
// Both open it in the store, tell the engine, and answer at once; nothing waits for the first tenant.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/algorithm/string/predicate.hpp>

#include <algorithm>

#include "api/execution_json.h"
#include "api/request_body.h"
#include "api/resources.h"
#include "api/utf8.h"
#include "domain/json/exact_json.h"
#include "domain/json_fields.h"

namespace orchestrator::api {
namespace {

constexpr std::size_t most_tenants = 10'000;
constexpr std::size_t longest_key = 255;

// Empty: none was sent. One that was sent empty is refused, since its sender believes to be protected.
std::expected<std::string, problem> read_idempotency_key(const request& message) {
    constexpr std::string_view name = "Idempotency-Key";
    const auto header = std::ranges::find_if(
        message.headers, [&](const auto& each) { return boost::algorithm::iequals(each.first, name); });
    if (header == message.headers.end()) return {};
    const auto& key = header->second;
    const bool printable = std::ranges::all_of(key, [](char c) { return c >= 0x20 && c <= 0x7E; });
    if (key.empty() || key.size() > longest_key || !printable)
        return refuse_unreadable(
            {{fmt::format("header:{}", name), fmt::format("must be 1 to {} printable ASCII characters", longest_key)}});
    return key;
}

// Reads every element of `name` with `parse`. An empty list would mean everybody, which nobody can mean by it.
template <class Parse>
auto read_list(json_fields& fields, std::string_view name, std::size_t most, Parse parse, std::string_view expected,
               std::vector<violation>& violations) {
    std::vector<typename decltype(parse(name))::value_type> read;
    const auto* list = fields.array(name, most);
    if (!list) return read;
    if (list->empty()) fields.add_violation(name, "must not be empty; leave it out to take in all");
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto* text = as_text((*list)[i]);
        const auto value = text ? parse(std::string_view{*text}) : std::nullopt;
        if (value)
            read.push_back(*value);
        else
            violations.push_back({pointer_to(fields.pointer(name), i),
                                  fmt::format("{} is not {}", excerpt(write_json_exactly((*list)[i])), expected)});
    }
    return read;
}

std::expected<tenant_filter, problem> read_filter(const request& message) {
    const auto body = read_json_body(message);
    if (!body) return std::unexpected{body.error()};
    tenant_filter filter;
    if (!*body) return filter;
    std::vector<violation> violations;
    json_fields fields{**body, "", violations};
    filter.tenant_ids =
        read_list(fields, "tenant_ids", most_tenants, &tenant_id::parse, "the UUID of a tenant", violations);
    std::ranges::sort(filter.tenant_ids);
    filter.tiers = read_list(fields, "subscription_tiers", 10, parse_subscription_tier,
                             "one of starter, professional, enterprise", violations);
    fields.refuse_unknown();
    if (!violations.empty()) return refuse_broken_rules(std::move(violations));
    return filter;
}

response started(const execution& opened, bool created, system_time now) {
    auto reply = json_response(created ? 202 : 200, execution_to_json(opened, now));
    reply.headers.emplace_back("Location", fmt::format("{}/executions/{}", base_path, to_string(opened.id)));
    return reply;
}

task<answer> open(const api_dependencies& api, execution wanted) {
    const auto opened = co_await api.executions.open_execution(wanted);
    if (!opened) co_return refuse(opened.error());
    // Told again for a repeated request: the first one may have been cut off before this line.
    api.engine.execution_opened(opened->id);
    if (opened->created) co_return started(wanted, true, api.time.now());

    const auto found = co_await api.executions.find_execution(opened->id);
    if (!found) co_return refuse(found.error());
    if (found->retry_of != wanted.retry_of || found->filter != wanted.filter)
        co_return refuse(errc::state_conflict, "this Idempotency-Key was used for another request");
    co_return started(*found, false, api.time.now());
}

// What is the same for both ways.
execution new_execution(const api_dependencies& api, const workflow_definition& definition, std::string key) {
    const auto now = api.time.now();
    execution made;
    made.id = api.random.new_id<execution_id>(now);
    made.workflow_name = definition.workflow_name;
    made.idempotency_key = std::move(key);
    made.definition = definition.source;
    made.status = execution_status::pending;
    made.created_at = now;
    // The installation's cap wins over a definition that was stored before it was lowered.
    made.deadline_at =
        now + std::min(definition.max_execution_time, std::chrono::seconds{api.rules.longest_execution_seconds});
    made.executed_by_instance = api.instance_id;
    return made;
}

}  // namespace

std::unexpected<problem> refuse_definition(const std::vector<violation>& violations) {
    const auto first = violations.empty() ? violation{} : violations.front();
    return refuse(errc::state_conflict,
                  fmt::format("the stored definition is not valid: {}: {}", first.pointer, first.message));
}

task<answer> execute_workflow(const api_dependencies& api, routed_request request) {
    auto key = read_idempotency_key(request.message);
    if (!key) co_return std::unexpected{std::move(key.error())};
    auto filter = read_filter(request.message);
    if (!filter) co_return std::unexpected{std::move(filter.error())};
    auto found = co_await resolve_workflow(api, std::move(request.id));
    if (!found) co_return refuse(std::move(found.error()));
    if (!found->is_enabled)
        co_return refuse(errc::state_conflict, fmt::format("workflow \"{}\" is disabled", found->workflow_name));
    const auto definition = compile_workflow(*found);
    if (!definition) co_return refuse_definition(definition.error());

    auto wanted = new_execution(api, *definition, std::move(*key));
    wanted.execution_type = "manual";
    wanted.workflow = found->id;
    wanted.filter = std::move(*filter);
    co_return co_await open(api, std::move(wanted));
}

task<answer> retry_execution(const api_dependencies& api, routed_request request) {
    auto key = read_idempotency_key(request.message);
    if (!key) co_return std::unexpected{std::move(key.error())};
    const auto source = co_await resolve_execution(api, std::move(request.id));
    if (!source) co_return std::unexpected{source.error()};
    if (source->status != execution_status::failed && source->status != execution_status::partial)
        co_return refuse(errc::state_conflict, fmt::format("only a failed or partial execution can be retried; "
                                                           "this one is {}",
                                                           to_string(source->status)));
    const auto definition = parse_definition(source->definition);
    if (!definition) co_return refuse(errc::state_conflict, unreadable_definition_message(definition.error()));
    if (source->filter.has_unknown)
        co_return refuse(errc::state_conflict, "this version of the program cannot read which tenants it took in");

    auto wanted = new_execution(api, *definition, std::move(*key));
    wanted.execution_type = "retry";
    wanted.retry_of = source->id;
    wanted.workflow = source->workflow;
    wanted.filter = source->filter;
    co_return co_await open(api, std::move(wanted));
}

}  // namespace orchestrator::api
