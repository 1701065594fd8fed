#include "api/schedule_json.h"

#include <fmt/format.h>

#include "api/json_values.h"
#include "api/workflow_json.h"
#include "domain/cron/describe_cron.h"
#include "domain/cron/parse_cron.h"

namespace orchestrator::api {
namespace {

json::value lead_to_json(const std::optional<lead_estimate>& lead) {
    if (!lead) return nullptr;
    return json::object{
        {"lead_seconds", lead->lead.count()}, {"basis", to_string(lead->from)},        {"samples", lead->samples},
        {"quantile", lead_quantile},          {"quantile_ms", lead->quantile.count()}, {"margin", lead_margin}};
}

}  // namespace

std::string local_text(local_seconds at, std::optional<std::chrono::seconds> offset) {
    auto text = format_time(system_time{at.time_since_epoch()}).substr(0, 19);
    if (!offset) return text;
    const auto minutes = std::chrono::abs(std::chrono::round<std::chrono::minutes>(*offset)).count();
    return text +
           fmt::format("{}{:02}:{:02}", *offset < std::chrono::seconds{0} ? '-' : '+', minutes / 60, minutes % 60);
}

std::string local_text(sys_seconds at, zone_cursor& cursor) {
    const auto local = cursor.to_local(at);
    return local_text(local, cursor.zone().spans()[cursor.span_at(at)].offset);
}

json::value descriptions_of(const schedule& of) {
    const auto expression = parse_cron(of.ready_by.empty() ? of.cron_expression : ready_by_expression(of.ready_by));
    if (!expression) return nullptr;
    return json::object{{"en", describe(*expression, language::english)},
                        {"es", describe(*expression, language::spanish)}};
}

std::string_view reason_of(const firing& what) {
    switch (what.why) {
        case firing::cause::weekend:
            return "weekend_schedule";
        case firing::cause::holiday:
            return "holiday_schedule";
        case firing::cause::moved:
            return "moved";
        case firing::cause::regular:
            break;
    }
    switch (what.clock) {
        case occurrence::kind::after_gap:
            return "after_gap";
        case occurrence::kind::first_of_fold:
            return "first_of_fold";
        case occurrence::kind::second_of_fold:
            return "second_of_fold";
        case occurrence::kind::regular:
            break;
    }
    return "regular";
}

json::object firing_to_json(const firing& what, const timetable& of, std::chrono::seconds lead) {
    auto cursor = of.cursor();
    return {{"at", format_time(what.at)},
            {"local", local_text(what.at, cursor)},
            {"nominal", local_text(what.nominal, std::nullopt)},
            {"reason", reason_of(what)},
            {"explanation", text_or_null(of.explain(what))},
            {"starts_at", format_time(what.at - lead)}};
}

json::object schedule_to_json(const workflow& of, const std::optional<lead_estimate>& lead) {
    json::object object{{"workflow_id", to_string(of.id)},
                        {"workflow_name", of.workflow_name},
                        {"is_enabled", of.is_enabled},
                        {"description", descriptions_of(of.when)},
                        {"next_execution_at", time_or_null(of.next_execution_at)},
                        {"schedule_problem", text_or_null(problem_of(of))},
                        {"lead", lead_to_json(lead)}};
    for (auto& field : to_json(of.when)) object.insert(field);
    return object;
}

}  // namespace orchestrator::api
