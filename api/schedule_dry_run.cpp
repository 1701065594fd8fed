// /schedule/dry-run: what a day to come has in store, and what it is going to cost. Calls nobody.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/json_values.h"
#include "api/query_parameters.h"
#include "api/resources.h"
#include "api/schedule.h"
#include "api/schedule_json.h"
#include "domain/schedule/run_estimate.h"

namespace orchestrator::api {
namespace {

constexpr int executions_looked_at = 20;

struct day_totals {
    std::int64_t executions = 0;
    std::int64_t calls = 0;
};

struct due_at {
    firing what;
    std::vector<const named_timetable*> groups;
};

// How many tenants live where; "" stands for those whose region has no calendar.
class head_count {
  public:
    head_count(const schedule& when, const std::vector<tenant_group>& groups)
        : by_tenant_{when.zone_mode == timezone_mode::tenant} {
        for (const auto& group : groups) {
            all_ += group.tenants;
            if (by_tenant_) by_place_[place_for(when, group.timezone, group.calendar)] += group.tenants;
        }
    }

    [[nodiscard]] std::int64_t at(const schedule_place& place) const {
        if (!by_tenant_) return all_;
        const auto found = by_place_.find(place);
        return found == by_place_.end() ? 0 : found->second;
    }

  private:
    bool by_tenant_;
    std::int64_t all_ = 0;
    std::map<schedule_place, std::int64_t> by_place_;
};

json::object estimate_to_json(const run_estimate& from) {
    const auto ms = [](const std::optional<milliseconds>& time) {
        return time ? json::value(time->count()) : json::value(nullptr);
    };
    return {{"calls", from.calls},
            {"usual_duration_ms", ms(from.usual)},
            {"slow_duration_ms", ms(from.slow)},
            {"samples", from.samples}};
}

json::object suppressed_to_json(const named_timetable& in, const suppressed_time& what) {
    return {{"nominal", local_text(what.nominal, std::nullopt)},
            {"timezone", in.place.timezone},
            {"calendar", text_or_null(in.place.calendar)},
            {"explanation", in.times.explain(what)}};
}

struct day_of_workflow {
    const workflow& of;
    const group_tables& tables;
    const head_count& heads;
    const std::vector<execution>& past;
    std::int64_t steps;
    std::chrono::seconds lead;
};

json::object occurrence_to_json(const day_of_workflow& day, const due_at& due, day_totals& totals) {
    auto object = firing_to_json(due.what, due.groups.front()->times, day.lead);
    json::array groups;
    std::int64_t tenants = 0;
    for (const auto* each : due.groups) {
        const auto heads = day.heads.at(each->place);
        tenants += heads;
        groups.push_back(json::object{
            {"timezone", each->place.timezone}, {"calendar", text_or_null(each->place.calendar)}, {"tenants", heads}});
    }
    const auto estimate = estimate_run(day.past, tenants, day.steps);
    object["tenants"] = tenants;
    object["tenant_groups"] = std::move(groups);
    object["estimate"] = estimate_to_json(estimate);
    ++totals.executions;
    totals.calls += estimate.calls;
    return object;
}

json::object day_to_json(const day_of_workflow& day, local_days date, day_totals& totals) {
    std::map<sys_seconds, due_at> due;
    json::array suppressed;
    for (const auto& each : day.tables.tables) {
        for (const auto& what : each.times.firings_on(date)) {
            auto& at = due.try_emplace(what.at, due_at{what, {}}).first->second;
            at.groups.push_back(&each);
        }
        for (const auto& what : each.times.suppressed_on(date)) suppressed.push_back(suppressed_to_json(each, what));
    }
    json::array occurrences;
    if (!day.of.when.is_paused)
        for (const auto& [at, each] : due) occurrences.push_back(occurrence_to_json(day, each, totals));
    json::array problems;
    if (day.of.when.is_paused) problems.push_back("the schedule is paused");
    for (const auto& each : day.tables.problems) problems.push_back(json::string{each});
    return {{"workflow_id", to_string(day.of.id)},
            {"workflow_name", day.of.workflow_name},
            {"occurrences", std::move(occurrences)},
            {"suppressed", std::move(suppressed)},
            {"problems", std::move(problems)}};
}

}  // namespace

task<answer> dry_run_schedule(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto only = query.text("workflow");
    const auto asked = query.parsed("date", parse_date, "a date such as 2026-12-24");
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto zone = api.zones.find(api.rules.default_timezone);
    if (!zone) co_return refuse(zone.error());
    const auto now = std::chrono::floor<std::chrono::seconds>(api.time.now());
    const auto today = std::chrono::floor<std::chrono::days>(zone_cursor{**zone}.to_local(now));
    const auto date = asked.value_or(today + std::chrono::days{1});

    const auto workflows = co_await workflows_wanted(api, only);
    if (!workflows) co_return refuse(workflows.error());
    const auto groups = co_await api.schedules.list_tenant_groups();
    if (!groups) co_return refuse(groups.error());
    json::array list;
    day_totals totals;
    for (const auto& each : *workflows) {
        if (!each.is_enabled || !each.when.is_set()) continue;
        const auto tables = co_await tables_of(api, each.when);
        if (!tables) co_return refuse(tables.error());
        const auto past = co_await api.executions.list_executions({.status = {},
                                                                   .workflow = each.id,
                                                                   .workflow_name = {},
                                                                   .retry_of = {},
                                                                   .before = {},
                                                                   .limit = executions_looked_at});
        if (!past) co_return refuse(past.error());
        const auto lead = co_await lead_of(api, each);
        if (!lead) co_return refuse(lead.error());
        const auto definition = compile_workflow(each);
        const auto steps = definition ? std::int64_t(definition->steps.size()) : 0;
        const head_count heads{each.when, *groups};
        list.push_back(day_to_json(
            {each, *tables, heads, *past, steps, *lead ? (*lead)->lead : std::chrono::seconds{0}}, date, totals));
    }
    co_return json_response(200,
                            json::object{{"date", format_date(date)},
                                         {"tenants_known", !groups->empty()},
                                         {"workflows", std::move(list)},
                                         {"totals", {{"executions", totals.executions}, {"calls", totals.calls}}}});
}

}  // namespace orchestrator::api
