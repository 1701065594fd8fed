// /workflows: what people write, kept by the workflow store. Every change is one call of the store.
#include <fmt/format.h>

#include "api/request_body.h"
#include "api/resources.h"
#include "api/schedule.h"
#include "api/workflow_json.h"

namespace orchestrator::api {
namespace {

answer shown(int status, result<workflow> found) {
    if (!found) return refuse(std::move(found.error()));
    return json_response(status, workflow_to_json(*found));
}

task<std::expected<workflow, problem>> read_workflow(const api_dependencies& api, const request& message) {
    auto body = read_json_body(message);
    if (!body) co_return std::unexpected{std::move(body.error())};
    if (!*body) co_return refuse_unreadable({{"", "a workflow is required as the JSON body"}});
    auto read = parse_workflow(**body, api.rules);
    if (!read) co_return refuse_broken_rules(std::move(read.error()));
    if (auto broken = co_await unresolvable_names(api, read->when); !broken.empty())
        co_return refuse_broken_rules(std::move(broken));
    co_return std::move(*read);
}

task<answer> set_enabled(const api_dependencies& api, std::string id, bool enabled) {
    auto found = co_await resolve_workflow(api, std::move(id));
    if (!found) co_return refuse(std::move(found.error()));
    auto changed = co_await api.workflows.enable_workflow(found->id, enabled, api.time.now());
    api.engine.schedules_changed();
    co_return shown(200, std::move(changed));
}

}  // namespace

task<result<workflow>> resolve_workflow(const api_dependencies& api, std::string id_or_name) {
    if (const auto id = workflow_id::parse(id_or_name)) co_return co_await api.workflows.find_workflow(*id);
    co_return co_await api.workflows.find_workflow_by_name(std::move(id_or_name));
}

task<answer> list_workflows(const api_dependencies& api, routed_request) {
    auto found = co_await api.workflows.list_workflows();
    if (!found) co_return refuse(std::move(found.error()));
    json::array list;
    for (const auto& each : *found) list.push_back(workflow_to_json(each));
    co_return json_response(200, json::object{{"workflows", std::move(list)}, {"next_cursor", nullptr}});
}

task<answer> create_workflow(const api_dependencies& api, routed_request request) {
    auto read = co_await read_workflow(api, request.message);
    if (!read) co_return std::unexpected{std::move(read.error())};
    const auto now = api.time.now();
    read->id = api.random.new_id<workflow_id>(now);
    read->created_at = read->updated_at = now;
    if (auto inserted = co_await api.workflows.insert_workflow(*read); !inserted)
        co_return refuse(std::move(inserted.error()));
    api.engine.schedules_changed();
    auto reply = json_response(201, workflow_to_json(*read));
    reply.headers.emplace_back("Location", fmt::format("{}/workflows/{}", base_path, to_string(read->id)));
    co_return reply;
}

task<answer> show_workflow(const api_dependencies& api, routed_request request) {
    co_return shown(200, co_await resolve_workflow(api, std::move(request.id)));
}

task<answer> replace_workflow(const api_dependencies& api, routed_request request) {
    auto read = co_await read_workflow(api, request.message);
    if (!read) co_return std::unexpected{std::move(read.error())};
    auto found = co_await resolve_workflow(api, std::move(request.id));
    if (!found) co_return refuse(std::move(found.error()));
    read->id = found->id;
    read->created_at = found->created_at;
    read->updated_at = api.time.now();
    auto replaced = co_await api.workflows.replace_workflow(std::move(*read));
    api.engine.schedules_changed();
    co_return shown(200, std::move(replaced));
}

task<answer> delete_workflow(const api_dependencies& api, routed_request request) {
    auto found = co_await resolve_workflow(api, std::move(request.id));
    if (!found) co_return refuse(std::move(found.error()));
    if (auto deleted = co_await api.workflows.delete_workflow(found->id, api.time.now()); !deleted)
        co_return refuse(std::move(deleted.error()));
    api.engine.schedules_changed();
    co_return response{.status = 204};
}

// By UUID only: of a name there may be several that were deleted.
task<answer> restore_workflow(const api_dependencies& api, routed_request request) {
    const auto id = workflow_id::parse(request.id);
    if (!id) co_return refuse_unreadable({{"path:id", "must be the UUID of a deleted workflow, not a name"}});
    auto restored = co_await api.workflows.restore_workflow(*id, api.time.now());
    api.engine.schedules_changed();
    co_return shown(200, std::move(restored));
}

task<answer> enable_workflow(const api_dependencies& api, routed_request request) {
    return set_enabled(api, std::move(request.id), true);
}

task<answer> disable_workflow(const api_dependencies& api, routed_request request) {
    return set_enabled(api, std::move(request.id), false);
}

}  // namespace orchestrator::api
