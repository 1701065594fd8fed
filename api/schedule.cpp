// /schedule: when workflows run, all of them at once, and what runs next.
#include "api/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/json_values.h"
#include "api/query_parameters.h"
#include "api/request_body.h"
#include "api/resources.h"
#include "api/schedule_json.h"

namespace orchestrator::api {
namespace {

constexpr std::size_t most_changes = 500;

struct change {
    workflow of;
    schedule when;
};

// Which workflow an element of the body is about.
task<result<workflow>> named_workflow(const api_dependencies& api, json_fields& fields) {
    const auto id = fields.text("workflow_id", 36);
    const auto name = fields.text("workflow_name", 64);
    if (!id && !name) co_return fail(errc::invalid_argument, "workflow_name or workflow_id is required");
    co_return co_await resolve_workflow(api, id ? *id : *name);
}

task<std::expected<std::vector<change>, problem>> read_changes(const api_dependencies& api, const json::value& body) {
    std::vector<change> changes;
    std::vector<violation> violations;
    const auto* list = body.if_array();
    const std::size_t count = list ? list->size() : 1;
    if (count > most_changes)
        co_return refuse_unreadable(
            {{"", fmt::format("has {} elements; at most {} are allowed", count, most_changes)}});
    for (std::size_t i = 0; i < count; ++i) {
        const auto pointer = list ? pointer_to("", i) : std::string{};
        json_fields fields{list ? (*list)[i] : body, pointer, violations};
        auto found = co_await named_workflow(api, fields);
        if (!found) {
            if (found.error().code == errc::not_found && !list) co_return refuse(std::move(found.error()));
            violations.push_back({pointer, found.error().message});
            continue;
        }
        const auto before = violations.size();
        auto when = read_schedule(fields, found->when);
        fields.refuse_unknown();
        if (violations.size() == before)
            for (auto& broken : co_await unresolvable_names(api, when))
                violations.push_back({pointer + broken.pointer, std::move(broken.message)});
        changes.push_back({std::move(*found), std::move(when)});
    }
    if (!violations.empty()) co_return refuse_broken_rules(std::move(violations));
    co_return changes;
}

task<result<json::object>> shown(const api_dependencies& api, const workflow& of) {
    const auto lead = co_await lead_of(api, of);
    if (!lead) co_return std::unexpected{lead.error()};
    co_return schedule_to_json(of, *lead);
}

task<answer> change_pause(const api_dependencies& api, std::string id, bool paused) {
    auto found = co_await resolve_workflow(api, std::move(id));
    if (!found) co_return refuse(std::move(found.error()));
    if (!found->when.is_set())
        co_return refuse(errc::state_conflict,
                         fmt::format("workflow \"{}\" has no schedule that could be paused", found->workflow_name));
    found->when.is_paused = paused;
    found->updated_at = api.time.now();
    auto replaced = co_await api.workflows.replace_workflow(std::move(*found));
    if (!replaced) co_return refuse(std::move(replaced.error()));
    api.engine.schedules_changed();
    auto object = co_await shown(api, *replaced);
    if (!object) co_return refuse(std::move(object.error()));
    co_return json_response(200, std::move(*object));
}

}  // namespace

task<result<std::vector<workflow>>> workflows_wanted(const api_dependencies& api, std::optional<std::string> only) {
    if (!only) co_return co_await api.workflows.list_workflows();
    auto found = co_await resolve_workflow(api, *only);
    if (!found) co_return std::unexpected{std::move(found.error())};
    co_return std::vector{std::move(*found)};
}

task<std::vector<violation>> unresolvable_names(const api_dependencies& api, schedule when) {
    std::vector<violation> broken;
    if (const auto zone = api.zones.find(when.timezone); !zone) broken.push_back({"/timezone", zone.error().message});
    if (!when.calendar.empty()) {
        timetable_source timetables{api.zones, api.calendars};
        if (const auto days = co_await timetables.holidays(when.calendar);
            !days && days.error().code == errc::invalid_argument)
            broken.push_back({"/calendar", days.error().message});
    }
    co_return broken;
}

task<result<std::optional<lead_estimate>>> lead_of(const api_dependencies& api, const workflow& of) {
    if (of.when.ready_by.empty()) co_return std::optional<lead_estimate>{};
    const auto durations = co_await api.schedules.past_durations(of.id, durations_looked_at);
    if (!durations) co_return std::unexpected{durations.error()};
    const auto longest = std::min(of.max_execution_time_seconds, api.rules.longest_execution_seconds);
    co_return estimate_lead(*durations, {.most = std::chrono::seconds{longest}});
}

task<answer> list_schedules(const api_dependencies& api, routed_request) {
    const auto workflows = co_await api.workflows.list_workflows();
    if (!workflows) co_return refuse(workflows.error());
    json::array list;
    for (const auto& each : *workflows) {
        auto object = co_await shown(api, each);
        if (!object) co_return refuse(std::move(object.error()));
        list.push_back(std::move(*object));
    }
    co_return json_response(200, json::object{{"schedules", std::move(list)}});
}

// All that is asked for, or nothing: every element is checked before the first is changed.
task<answer> change_schedules(const api_dependencies& api, routed_request request) {
    const auto body = read_json_body(request.message);
    if (!body) co_return std::unexpected{body.error()};
    if (!*body || (!(*body)->is_object() && !(*body)->is_array()))
        co_return refuse_unreadable({{"", "a schedule, or an array of schedules, is required as the JSON body"}});
    auto changes = co_await read_changes(api, **body);
    if (!changes) co_return std::unexpected{std::move(changes.error())};
    json::array list;
    for (auto& each : *changes) {
        each.of.when = std::move(each.when);
        each.of.updated_at = api.time.now();
        const auto replaced = co_await api.workflows.replace_workflow(std::move(each.of));
        if (!replaced) co_return refuse(replaced.error());
        auto object = co_await shown(api, *replaced);
        if (!object) co_return refuse(std::move(object.error()));
        list.push_back(std::move(*object));
    }
    api.engine.schedules_changed();
    co_return json_response(200, json::object{{"schedules", std::move(list)}});
}

task<answer> show_next_run(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto only = query.text("workflow");
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto workflows = co_await workflows_wanted(api, only);
    if (!workflows) co_return refuse(workflows.error());
    std::vector<std::pair<sys_seconds, json::object>> runs;
    for (const auto& each : *workflows) {
        if (!each.is_enabled || !each.when.is_set() || each.when.is_paused) continue;
        const auto lead = co_await lead_of(api, each);
        if (!lead) co_return refuse(lead.error());
        const auto shift = *lead ? (*lead)->lead : std::chrono::seconds{0};
        const auto tables = co_await tables_of(api, each.when);
        if (!tables) co_return refuse(tables.error());
        auto next = next_over(*tables, std::chrono::floor<std::chrono::seconds>(api.time.now()) + shift);
        if (!next) continue;
        auto object = firing_to_json(next->what, next->of->times, shift);
        object["workflow_name"] = each.workflow_name;
        object["workflow_id"] = to_string(each.id);
        runs.emplace_back(next->what.at - shift, std::move(object));
    }
    std::ranges::sort(runs, {}, [](const auto& run) { return run.first; });
    json::array list;
    for (auto& [at, object] : runs) list.push_back(std::move(object));
    auto first = list.empty() ? json::value(nullptr) : list.front();
    co_return json_response(200, json::object{{"next_run", std::move(first)}, {"runs", std::move(list)}});
}

task<answer> pause_workflow(const api_dependencies& api, routed_request request) {
    return change_pause(api, std::move(request.id), true);
}

task<answer> resume_workflow(const api_dependencies& api, routed_request request) {
    return change_pause(api, std::move(request.id), false);
}

}  // namespace orchestrator::api
