// /executions: what ran and what runs, page by page, and the request to cancel.
#include <fmt/format.h>

#include "api/execution_json.h"
#include "api/page.h"
#include "api/query_parameters.h"
#include "api/resources.h"
#include "api/utf8.h"
#include "domain/workflow/workflow.h"

namespace orchestrator::api {
namespace {

constexpr std::string_view statuses = "one of pending, running, completed, partial, failed, cancelled";
constexpr std::string_view run_statuses =
    "one of pending, running, completed, partial, failed, cancelled, unsuccessful";

task<answer> executions_page(const api_dependencies& api, execution_query query) {
    const int limit = query.limit++;
    auto found = co_await api.executions.list_executions(std::move(query));
    if (!found) co_return refuse(std::move(found.error()));
    co_return page_of(
        "executions", std::move(*found), limit,
        [now = api.time.now()](const execution& each) { return execution_to_json(each, now); },
        [](const execution& last) { return to_string(last.id); });
}

void read_page(query_parameters& parameters, execution_query& query) {
    if (auto workflow_text = parameters.text("workflow")) {
        query.workflow = workflow_id::parse(*workflow_text);
        if (!query.workflow) query.workflow_name = std::move(*workflow_text);
    }
    query.before = parameters.parsed("cursor", &execution_id::parse, next_cursor_of_page);
    query.limit = parameters.limit(50);
}

void read_run_status(query_parameters& parameters, run_query& query) {
    struct wanted {
        std::optional<run_status> status;
    };
    const auto parse = [](std::string_view text) -> std::optional<wanted> {
        if (text == "unsuccessful") return wanted{};
        const auto status = parse_run_status(text);
        return status ? std::optional{wanted{status}} : std::nullopt;
    };
    if (const auto read = parameters.parsed("status", parse, run_statuses)) {
        query.status = read->status;
        query.failures_only = !read->status;
    }
}

}  // namespace

task<std::expected<execution, problem>> resolve_execution(const api_dependencies& api, std::string id) {
    const auto parsed = execution_id::parse(id);
    if (!parsed) co_return refuse_unreadable({{"path:id", fmt::format("\"{}\" is not a UUID", excerpt(id))}});
    auto found = co_await api.executions.find_execution(*parsed);
    if (!found) co_return refuse(std::move(found.error()));
    co_return std::move(*found);
}

task<answer> list_executions(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    execution_query query;
    query.status = parameters.parsed("status", parse_execution_status, statuses);
    read_page(parameters, query);
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    co_return co_await executions_page(api, std::move(query));
}

task<answer> list_failed_executions(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    execution_query query;
    query.failures_only = true;
    read_page(parameters, query);
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    co_return co_await executions_page(api, std::move(query));
}

task<answer> show_execution(const api_dependencies& api, routed_request request) {
    auto found = co_await resolve_execution(api, std::move(request.id));
    if (!found) co_return std::unexpected{found.error()};
    const auto summaries = co_await api.executions.step_summaries(found->id);
    if (!summaries) co_return refuse(summaries.error());
    if (!is_final(found->status) && found->error_message.empty())
        if (const auto definition = parse_definition(found->definition); !definition)
            found->error_message = unreadable_definition_message(definition.error());
    co_return json_response(200, execution_to_json(*found, *summaries, api.time.now()));
}

task<answer> list_tenants(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    run_query query;
    read_run_status(parameters, query);
    query.tenant = parameters.parsed("tenant_id", &tenant_id::parse, "a UUID");
    query.after = run_id{parameters.parsed("cursor", parse_count, next_cursor_of_page).value_or(0)};
    const int limit = parameters.limit(100);
    query.limit = limit + 1;
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};

    const auto parent = co_await resolve_execution(api, std::move(request.id));
    if (!parent) co_return std::unexpected{parent.error()};
    auto found = co_await api.executions.list_runs(parent->id, query);
    if (!found) co_return refuse(std::move(found.error()));
    co_return page_of(
        "tenants", std::move(*found), limit,
        [names = step_names_of(parent->definition)](const tenant_run_view& each) { return run_to_json(each, names); },
        [](const tenant_run_view& last) { return std::to_string(static_cast<std::int64_t>(last.id)); });
}

task<answer> list_logs(const api_dependencies& api, routed_request request) {
    query_parameters parameters{std::move(request.query)};
    log_query query;
    query.lowest_level = parameters.parsed("level", parse_log_level, "one of info, warning, error");
    query.tenant = parameters.parsed("tenant_id", &tenant_id::parse, "a UUID");
    query.step_name = parameters.text("step").value_or("");
    query.after = parameters.parsed("cursor", parse_count, next_cursor_of_page).value_or(0);
    const int limit = parameters.limit(100);
    query.limit = limit + 1;
    if (auto refused = parameters.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};

    const auto parent = co_await resolve_execution(api, std::move(request.id));
    if (!parent) co_return std::unexpected{parent.error()};
    auto found = co_await api.executions.list_logs(parent->id, std::move(query));
    if (!found) co_return refuse(std::move(found.error()));
    co_return page_of("logs", std::move(*found), limit, log_to_json,
                      [](const log_entry& last) { return std::to_string(last.sequence); });
}

task<answer> cancel_execution(const api_dependencies& api, routed_request request) {
    auto found = co_await resolve_execution(api, std::move(request.id));
    if (!found) co_return std::unexpected{std::move(found.error())};
    const auto id = found->id;
    if (auto requested = co_await api.executions.request_cancel(id, api.time.now()); !requested)
        co_return refuse(std::move(requested.error()));
    api.engine.cancel_requested(id);
    found->cancel_requested = true;
    // The cancellation stands already: a store that fails now only costs the freshest counters.
    const auto fresh = co_await api.executions.find_execution(id);
    co_return json_response(202, execution_to_json(fresh ? *fresh : *found, api.time.now()));
}

}  // namespace orchestrator::api
