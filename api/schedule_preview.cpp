// /schedule/preview and /schedule/explain: when something is due and why, before it is saved, and why it did or did not
// run on a day.
#include <fmt/format.h>

#include <algorithm>

#include "api/json_values.h"
#include "api/query_parameters.h"
#include "api/resources.h"
#include "api/schedule.h"
#include "api/schedule_json.h"

namespace orchestrator::api {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr int default_limit = 10;
constexpr std::string_view schedule_parameters[] = {"cron_expression", "ready_by",     "timezone",   "timezone_mode",
                                                    "gap_policy",      "fold_policy",  "calendar",   "holiday_policy",
                                                    "holiday_cron",    "weekend_cron", "start_date", "end_date"};

// The schedule of a workflow, or of nobody, with what the query says otherwise.
schedule schedule_from_query(query_parameters& query, const schedule& otherwise, std::vector<violation>& broken) {
    json::object given;
    for (const auto name : schedule_parameters)
        if (const auto value = query.text(name)) given[name] = *value;
    // A start that is asked for stands in place of the stored one, and an empty policy of holidays needs no expression.
    if (given.contains("cron_expression") && !given.contains("ready_by")) given["ready_by"] = nullptr;
    if (given.contains("ready_by") && !given.contains("cron_expression")) given["cron_expression"] = nullptr;
    const json::value source = given;
    std::vector<violation> violations;
    json_fields fields{source, "", violations};
    auto read = read_schedule(fields, otherwise);
    for (auto& each : violations) broken.push_back({"query:" + each.pointer.substr(1), std::move(each.message)});
    if (!read.is_set() && violations.empty())
        broken.push_back({"query:cron_expression", "cron: an expression is required, or a workflow that has one"});
    return read;
}

json::object line_of(const group_firing& next, std::chrono::seconds lead) {
    auto object = firing_to_json(next.what, next.of->times, lead);
    json::array groups;
    for (const auto* each : next.all)
        groups.push_back(
            json::object{{"timezone", each->place.timezone}, {"calendar", text_or_null(each->place.calendar)}});
    object["tenant_groups"] = std::move(groups);
    return object;
}

json::array texts(const std::vector<std::string>& lines) {
    json::array made;
    for (const auto& line : lines) made.push_back(json::string{line});
    return made;
}

// Explaining a day

struct explained_day {
    local_days day;
    std::vector<decided_occurrence> decided;
    const workflow& of;
    system_time schedule_set_at;
    sys_seconds now;
};

std::string outcome_text(const decided_occurrence& what) {
    switch (what.outcome) {
        case occurrence_outcome::started:
            return what.reason == "backfill" ? "it did not run at its time; a backfill ran it" : "it ran";
        case occurrence_outcome::overlapped:
            return "the execution before it had not ended, and overlap_policy is skip";
        case occurrence_outcome::missed:
            break;
    }
    if (what.reason == "superseded") return "missed while nobody could run it; a later one was run instead (fire_once)";
    if (what.reason == "too_old") return "missed for longer than misfire_grace_seconds";
    if (what.reason == "skipped") return "missed, and misfire_policy is skip";
    if (what.reason == "capped") return "missed, with more others than fire_all runs at once";
    return "missed: " + what.reason;
}

std::string undecided_text(const explained_day& day, const schedule& then, sys_seconds at) {
    if (then.is_paused) return "the schedule was paused";
    if (at > day.now) return "it is still to come";
    if (at < day.schedule_set_at)
        return fmt::format("this schedule was set only after it, at {}", format_time(day.schedule_set_at));
    if (!day.of.is_enabled) return "the workflow is disabled";
    if (!day.of.schedule_problem.empty()) return day.of.schedule_problem;
    if (day.of.decided_until && at < *day.of.decided_until)
        return "nothing was decided about it: the workflow was changed, disabled or deleted then";
    return "nothing is decided about it yet: no instance leads, or it is not started";
}

json::object fired_line(const explained_day& day, const schedule& then, const timetable& times, const firing& what) {
    auto object = firing_to_json(what, times, std::chrono::seconds{0});
    object.erase("starts_at");
    const auto known = std::ranges::find(day.decided, system_time{what.at}, &decided_occurrence::scheduled_for);
    const bool decided = known != day.decided.end();
    object["outcome"] = decided ? json::value(to_string(known->outcome)) : json::value("undecided");
    object["execution_id"] =
        decided && known->execution ? json::value(to_string(*known->execution)) : json::value(nullptr);
    const auto why = decided ? outcome_text(*known) : undecided_text(day, then, what.at);
    const auto more = times.explain(what);
    object["explanation"] = more.empty() ? why : fmt::format("{} ({})", why, more);
    return object;
}

json::object suppressed_line(const timetable& times, const suppressed_time& what) {
    return {{"at", nullptr},
            {"local", nullptr},
            {"nominal", local_text(what.nominal, std::nullopt)},
            {"reason", "suppressed"},
            {"outcome", "suppressed"},
            {"execution_id", nullptr},
            {"explanation", times.explain(what)}};
}

// The schedule that held at the end of the day; nullopt: there was none yet.
std::optional<schedule_version> version_on(const std::vector<schedule_version>& all, system_time end_of_day) {
    std::optional<schedule_version> held;
    for (const auto& each : all)
        if (each.changed_at < end_of_day) held = each;
    return held;
}

schedule read_version(const schedule_version& from) {
    boost::system::error_code failed;
    const auto source = json::parse(from.schedule, failed);
    std::vector<violation> ignored;  // it was valid when it was written
    json_fields fields{source, "", ignored};
    return read_schedule(fields, {});
}

}  // namespace

task<result<group_tables>> tables_of(const api_dependencies& api, schedule when) {
    std::set<schedule_place> places;
    if (when.zone_mode == timezone_mode::workflow) {
        places.insert(place_of(when));
    } else {
        const auto groups = co_await api.schedules.list_tenant_groups();
        if (!groups) co_return std::unexpected{groups.error()};
        for (const auto& group : *groups) places.insert(place_for(when, group.timezone, group.calendar));
        if (places.empty()) places.insert(place_of(when));  // nobody has asked the tenant service yet
    }
    timetable_source source{api.zones, api.calendars};
    group_tables made;
    for (const auto& place : places) {
        auto times = co_await source.find(when, place);
        if (times)
            made.tables.push_back({place, std::move(*times)});
        else if (times.error().code == errc::invalid_argument)
            made.problems.push_back(times.error().message);
        else
            co_return std::unexpected{times.error()};
    }
    co_return made;
}

std::optional<group_firing> next_over(const group_tables& of, sys_seconds after) {
    std::optional<group_firing> first;
    for (const auto& each : of.tables) {
        auto cursor = each.times.cursor();
        const auto next = each.times.next(after, cursor);
        if (!next || (first && first->what.at < next->at)) continue;
        if (!first || next->at < first->what.at) first = group_firing{*next, &each, {}};
        first->all.push_back(&each);
    }
    return first;
}

task<answer> preview_schedule(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto name = query.text("workflow");
    std::optional<workflow> of;
    if (name) {
        auto found = co_await resolve_workflow(api, *name);
        if (!found) co_return refuse(std::move(found.error()));
        of = std::move(*found);
    }
    std::vector<violation> broken;
    const auto when =
        schedule_from_query(query, of ? of->when : schedule{.timezone = api.rules.default_timezone}, broken);
    const auto after = query.parsed("after", parse_time, "a time such as 2026-03-28T00:00:00Z");
    const int limit = query.limit(default_limit);
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    for (auto& each : co_await unresolvable_names(api, when))
        broken.push_back({"query:" + each.pointer.substr(1), std::move(each.message)});
    if (!broken.empty()) co_return refuse_unreadable(std::move(broken));

    std::optional<lead_estimate> lead;
    if (of && !when.ready_by.empty()) {
        const auto estimated = co_await lead_of(api, *of);
        if (!estimated) co_return refuse(estimated.error());
        lead = *estimated;
    }
    const auto tables = co_await tables_of(api, when);
    if (!tables) co_return refuse(tables.error());
    auto from = std::chrono::floor<std::chrono::seconds>(after.value_or(api.time.now()));
    json::array occurrences;
    while (int(occurrences.size()) < limit) {
        const auto next = next_over(*tables, from);
        if (!next) break;
        occurrences.push_back(line_of(*next, lead ? lead->lead : std::chrono::seconds{0}));
        from = next->what.at;
    }
    json::object shown{{"workflow_name", of ? json::value(of->workflow_name) : json::value(nullptr)},
                       {"description", descriptions_of(when)},
                       {"occurrences", std::move(occurrences)},
                       {"problems", texts(tables->problems)}};
    for (auto& field : to_json(when)) shown.insert(field);
    co_return json_response(200, std::move(shown));
}

task<answer> explain_schedule(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto name = query.text("workflow");
    const auto date = query.parsed("date", parse_date, "a date such as 2026-12-24");
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    std::vector<violation> broken;
    if (!name) broken.push_back({"query:workflow", "is required: the name of a workflow, or its id"});
    if (!date) broken.push_back({"query:date", "is required: a date such as 2026-12-24"});
    if (!broken.empty()) co_return refuse_unreadable(std::move(broken));
    const auto of = co_await resolve_workflow(api, *name);
    if (!of) co_return refuse(of.error());

    const auto versions = co_await api.schedules.list_schedule_versions(of->id);
    if (!versions) co_return refuse(versions.error());
    const system_time begin{milliseconds{days{date->time_since_epoch()}}};
    auto decided = co_await api.schedules.list_occurrences(of->id, begin - days{2}, begin + days{3}, 10'000);
    if (!decided) co_return refuse(decided.error());
    auto held = version_on(*versions, begin + days{1} + hours{12});
    // A backfill may have reached back to before the workflow was made.
    if (!held && !decided->empty() && !versions->empty()) held = versions->front();
    json::object shown{{"workflow_name", of->workflow_name}, {"date", format_date(*date)}};
    if (!held) {
        shown["summary"] = "the workflow did not exist on this day";
        shown["lines"] = json::array{};
        co_return json_response(200, std::move(shown));
    }
    const auto then = read_version(*held);
    shown["schedule_version"] = held->version;
    shown["schedule"] = to_json(then);
    shown["changed_since"] = held->version != versions->back().version;
    if (!then.is_set()) {
        shown["summary"] = "the workflow had no schedule on this day";
        shown["lines"] = json::array{};
        co_return json_response(200, std::move(shown));
    }
    const auto tables = co_await tables_of(api, then);
    if (!tables) co_return refuse(tables.error());
    const explained_day day{*date, std::move(*decided), *of, held->changed_at,
                            std::chrono::floor<std::chrono::seconds>(api.time.now())};
    json::array lines;
    std::size_t ran = 0;
    for (const auto& each : tables->tables) {
        const auto add = [&](json::object line) {
            line["timezone"] = each.place.timezone;
            line["calendar"] = text_or_null(each.place.calendar);
            ran += line.at("outcome") == "started" ? 1U : 0U;
            lines.push_back(std::move(line));
        };
        for (const auto& what : each.times.firings_on(*date)) add(fired_line(day, then, each.times, what));
        for (const auto& what : each.times.suppressed_on(*date)) add(suppressed_line(each.times, what));
    }
    shown["summary"] =
        lines.empty() ? "the schedule names no time on this day" : fmt::format("{} of {} times ran", ran, lines.size());
    shown["lines"] = std::move(lines);
    shown["problems"] = texts(tables->problems);
    co_return json_response(200, std::move(shown));
}

}  // namespace orchestrator::api
