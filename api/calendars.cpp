// /calendars: holidays as data, every version of them.
#include <fmt/format.h>

#include "api/json_values.h"
#include "api/query_parameters.h"
#include "api/request_body.h"
#include "api/resources.h"
#include "api/schedule.h"
#include "domain/json/exact_json.h"

namespace orchestrator::api {
namespace {

json::object summary_of(const stored_calendar& from) {
    return {{"calendar", from.code},
            {"name", as_utf8(from.name)},
            {"parent", text_or_null(from.parent)},
            {"version", from.version},
            {"is_builtin", from.is_builtin},
            {"is_deleted", from.is_deleted},
            {"updated_at", format_time(from.updated_at)}};
}

json::object whole(const stored_calendar& from) {
    auto object = summary_of(from);
    const auto source = stored_json(from.source);
    if (const auto* fields = source.if_object())
        for (const auto* name : {"holidays", "working_days"})
            if (const auto* rules = fields->if_contains(name)) object[name] = *rules;
    return object;
}

// What is wrong with the calendars below: unknown, or the calendar itself.
task<std::expected<void, problem>> check_parent(const api_dependencies& api, const calendar& read) {
    timetable_source source{api.zones, api.calendars};
    for (auto parent = read.parent; !parent.empty();) {
        if (parent == read.code) co_return refuse_broken_rules({{"/parent", "leads back to the calendar itself"}});
        const auto found = co_await api.calendars.find_calendar(parent);
        if (!found && found.error().code != errc::not_found) co_return refuse(found.error());
        if (!found) co_return refuse_broken_rules({{"/parent", fmt::format("calendar \"{}\" is not known", parent)}});
        parent = found->parent;
    }
    co_return std::expected<void, problem>{};
}

// Who would be left without it.
task<std::expected<void, problem>> check_unused(const api_dependencies& api, const std::string& code) {
    const auto calendars = co_await api.calendars.list_calendars();
    if (!calendars) co_return refuse(calendars.error());
    for (const auto& each : *calendars)
        if (each.parent == code)
            co_return refuse(errc::state_conflict, fmt::format("calendar \"{}\" stands on it", each.code));
    const auto workflows = co_await api.workflows.list_workflows();
    if (!workflows) co_return refuse(workflows.error());
    for (const auto& each : *workflows)
        if (each.when.calendar == code)
            co_return refuse(errc::state_conflict,
                             fmt::format("the schedule of workflow \"{}\" names it", each.workflow_name));
    co_return std::expected<void, problem>{};
}

// The form that people write, of what another program wrote.
json::value source_of(const calendar_file& from, std::string code, std::string name, std::string parent) {
    json::array holidays;
    for (const auto& each : from.holidays) {
        json::array dates;
        for (const auto& interval : each.dates)
            dates.push_back(json::string{interval.first == interval.last
                                             ? format_date(interval.first)
                                             : format_date(interval.first) + "/" + format_date(interval.last)});
        holidays.push_back(json::object{{"name", as_utf8(each.name)}, {"dates", std::move(dates)}});
    }
    json::object made{{"calendar", code}, {"name", as_utf8(name)}, {"holidays", std::move(holidays)}};
    if (!parent.empty()) made["parent"] = parent;
    return made;
}

task<answer> keep(const api_dependencies& api, const calendar& read) {
    if (auto refused = co_await check_parent(api, read); !refused)
        co_return std::unexpected{std::move(refused.error())};
    const auto stored = co_await api.calendars.put_calendar({.code = read.code,
                                                             .name = read.name,
                                                             .parent = read.parent,
                                                             .source = read.source,
                                                             .updated_at = api.time.now()});
    if (!stored) co_return refuse(stored.error());
    api.engine.schedules_changed();
    co_return json_response(200, whole(*stored));
}

}  // namespace

task<answer> list_calendars(const api_dependencies& api, routed_request) {
    const auto found = co_await api.calendars.list_calendars();
    if (!found) co_return refuse(found.error());
    json::array list;
    for (const auto& each : *found) list.push_back(summary_of(each));
    co_return json_response(200, json::object{{"calendars", std::move(list)}});
}

task<answer> show_calendar(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto version = query.count("version");
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto found = co_await api.calendars.find_calendar(
        std::move(request.id), int(std::min<std::int64_t>(version.value_or(0), 1'000'000'000)));
    if (!found) co_return refuse(found.error());
    co_return json_response(200, whole(*found));
}

task<answer> list_holidays(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto parse_year = [](std::string_view text) -> std::optional<int> {
        const auto year = parse_count(text);
        if (!year || *year < int(first_calendar_year) || *year > int(last_calendar_year)) return std::nullopt;
        return int(*year);
    };
    const auto asked = query.parsed("year", parse_year, "a year from 2000 to 2100");
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto today = std::chrono::floor<std::chrono::days>(api.time.now());
    const std::chrono::year year{asked.value_or(int(std::chrono::year_month_day{today}.year()))};
    if (const auto found = co_await api.calendars.find_calendar(request.id); !found) co_return refuse(found.error());
    timetable_source source{api.zones, api.calendars};
    const auto days = co_await source.holidays(request.id);
    if (!days && days.error().code == errc::invalid_argument)
        co_return refuse(errc::state_conflict, days.error().message);
    if (!days) co_return refuse(days.error());
    json::array list;
    for (const auto& each : (*days)->between(local_days{year / 1 / 1}, local_days{year / 12 / 31}))
        list.push_back(json::object{{"date", format_date(each.date)},
                                    {"name", as_utf8(each.name)},
                                    {"calendar", each.calendar},
                                    {"moved_from_sunday", each.moved}});
    co_return json_response(200,
                            json::object{{"calendar", request.id}, {"year", int(year)}, {"holidays", std::move(list)}});
}

task<answer> put_calendar(const api_dependencies& api, routed_request request) {
    auto body = read_json_body(request.message);
    if (!body) co_return std::unexpected{std::move(body.error())};
    if (!*body) co_return refuse_unreadable({{"", "a calendar is required as the JSON body"}});
    if (auto* fields = (*body)->if_object(); fields && !fields->contains("calendar"))
        (*fields)["calendar"] = request.id;
    const auto read = parse_calendar(**body);
    if (!read) co_return refuse_broken_rules(read.error());
    if (read->code != request.id)
        co_return refuse_broken_rules(
            {{"/calendar", fmt::format("\"{}\" is not the \"{}\" of the path", read->code, request.id)}});
    co_return co_await keep(api, *read);
}

// With dry_run the calendar is shown as it would be, and nothing is stored.
task<answer> import_calendar(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto name = query.text("name");
    const auto parent = query.text("parent");
    const bool dry_run = query.boolean("dry_run", false);
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};
    const auto text = read_text_body(request.message, "text/calendar");
    if (!text) co_return std::unexpected{text.error()};
    const auto file = api.calendar_files.read(*text);
    if (!file) co_return refuse_unreadable({{"", file.error().message}});
    if (file->holidays.empty())
        co_return refuse_unreadable(
            {{"", file->left_out.empty() ? "the file has no event from 2000 to 2100"
                                         : fmt::format("nothing of it can be read: {}", file->left_out.front())}});
    const auto read = parse_calendar(
        source_of(*file, request.id, name.value_or(file->name.empty() ? request.id : file->name), parent.value_or("")));
    if (!read) co_return refuse_broken_rules(read.error());
    auto reply = dry_run ? answer{json_response(200, whole({.code = read->code,
                                                            .name = read->name,
                                                            .parent = read->parent,
                                                            .source = read->source,
                                                            .updated_at = api.time.now()}))}
                         : co_await keep(api, *read);
    if (!reply) co_return reply;
    boost::system::error_code failed;
    auto shown = read_json_exactly(reply->body, failed).get_object();
    json::array left_out;
    for (const auto& each : file->left_out) left_out.push_back(json::string{as_utf8(each)});
    shown["left_out"] = std::move(left_out);
    co_return json_response(200, std::move(shown));
}

task<answer> delete_calendar(const api_dependencies& api, routed_request request) {
    if (auto refused = co_await check_unused(api, request.id); !refused)
        co_return std::unexpected{std::move(refused.error())};
    const auto deleted = co_await api.calendars.delete_calendar(std::move(request.id), api.time.now());
    if (!deleted) co_return refuse(deleted.error());
    api.engine.schedules_changed();
    co_return response{.status = 204};
}

}  // namespace orchestrator::api
