// /schedule: when an expression is due, before anything is saved.
#include <fmt/format.h>

#include "api/error_response.h"
#include "api/query_parameters.h"
#include "api/resources.h"
#include "domain/cron/describe_cron.h"
#include "domain/cron/occurrence.h"
#include "domain/cron/parse_cron.h"

namespace orchestrator::api {
namespace {

constexpr std::string_view default_timezone = "Europe/Madrid";
constexpr int default_limit = 10;

std::string_view to_string(occurrence::kind kind) {
    switch (kind) {
        case occurrence::kind::regular:
            return "regular";
        case occurrence::kind::after_gap:
            return "after_gap";
        case occurrence::kind::first_of_fold:
            return "first_of_fold";
        case occurrence::kind::second_of_fold:
            return "second_of_fold";
    }
    return "regular";
}

// "2026-03-29T03:00:00+02:00"; without an offset when there is none to give.
std::string local_text(local_seconds at, std::optional<std::chrono::seconds> offset) {
    auto text = format_time(system_time{at.time_since_epoch()}).substr(0, 19);
    if (!offset) return text;
    const auto minutes = std::chrono::abs(std::chrono::round<std::chrono::minutes>(*offset)).count();
    return text +
           fmt::format("{}{:02}:{:02}", *offset < std::chrono::seconds{0} ? '-' : '+', minutes / 60, minutes % 60);
}

json::object descriptions_of(const cron_expression& expression) {
    return {{"en", describe(expression, language::english)}, {"es", describe(expression, language::spanish)}};
}

json::object occurrence_to_json(const occurrence& each, zone_cursor& cursor) {
    const auto local = cursor.to_local(each.at);
    return {{"at", format_time(each.at)},
            {"local", local_text(local, cursor.zone().spans()[cursor.span_at(each.at)].offset)},
            {"nominal", local_text(each.nominal, std::nullopt)},
            {"reason", to_string(each.what)}};
}

}  // namespace

task<answer> preview_schedule(const api_dependencies& api, routed_request request) {
    query_parameters query{std::move(request.query)};
    const auto text = query.text("cron_expression");
    const auto timezone = query.text("timezone").value_or(std::string{default_timezone});
    const auto after = query.parsed("after", parse_time, "a time such as 2026-03-28T00:00:00Z");
    const int limit = query.limit(default_limit);
    if (auto refused = query.conclude(); !refused) co_return std::unexpected{std::move(refused.error())};

    std::vector<violation> broken;
    const auto expression = text ? parse_cron(*text) : fail(errc::invalid_argument, "cron: an expression is required");
    if (!expression) broken.push_back({"query:cron_expression", expression.error().message});
    const auto zone = api.zones.find(timezone);
    if (!zone) broken.push_back({"query:timezone", zone.error().message});
    if (!broken.empty()) co_return refuse_unreadable(std::move(broken));

    zone_cursor cursor{**zone};
    auto from = std::chrono::floor<std::chrono::seconds>(after.value_or(api.time.now()));
    json::array occurrences;
    while (int(occurrences.size()) < limit) {
        const auto next = next_occurrence(*expression, cursor, from);
        if (!next) break;
        occurrences.push_back(occurrence_to_json(*next, cursor));
        from = next->at;
    }
    co_return json_response(200, json::object{{"cron_expression", expression->text},
                                              {"description", descriptions_of(*expression)},
                                              {"timezone", timezone},
                                              {"occurrences", std::move(occurrences)}});
}

}  // namespace orchestrator::api
