#include "cli/api_lists.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/json_text.h"

namespace orchestrator::cli {
namespace {

constexpr std::size_t largest_page = 500;           // the API's bound
constexpr std::size_t most_failed_tenants = 5'000;  // enough to see what went wrong; more only costs time

}  // namespace

list_part read_list(api_client& api, const api_request& request, std::string_view name, std::size_t limit) {
    list_part part;
    std::string cursor;
    do {
        auto page = request;
        page.query.emplace_back("limit", std::to_string(std::min(limit - part.items.size(), largest_page)));
        if (!cursor.empty()) page.query.emplace_back("cursor", cursor);
        const auto answer = api.send(page);
        const auto* object = answer.body.if_object();
        if (object == nullptr) break;
        for (const auto& item : array_of(*object, name)) part.items.push_back(item);
        cursor = text_of(*object, "next_cursor");
    } while (!cursor.empty() && part.items.size() < limit);
    part.more = !cursor.empty();
    return part;
}

std::string execution_path(const std::string& id, std::string_view rest) {
    return fmt::format("/executions/{}{}", percent_encoded(id), rest);
}

std::string workflow_path(const std::string& name, std::string_view rest) {
    return fmt::format("/workflows/{}{}", percent_encoded(name), rest);
}

std::string resolve_execution(api_client& api, const std::string& id) {
    if (id != "latest") return id;
    const auto newest = read_list(api, {.path = "/executions"}, "executions", 1);
    if (newest.items.empty() || !newest.items[0].is_object())
        throw command_failure{exit_code::not_found, "latest: there is no execution yet"};
    return text_of(newest.items[0].get_object(), "id");
}

report_failures read_failures(api_client& api, const execution_snapshot& execution) {
    report_failures failures;
    if (execution.tenants.failed + execution.tenants.partial == 0) return failures;
    const auto unsuccessful =
        read_list(api, {.path = execution_path(execution.id, "/tenants"), .query = {{"status", "unsuccessful"}}},
                  "tenants", most_failed_tenants);
    failure_summary summary;
    for (const auto& tenant : unsuccessful.items)
        if (const auto* fields = tenant.if_object()) summary.add(*fields);
    failures.groups = summary.groups();
    failures.tenants_read = static_cast<std::int64_t>(unsuccessful.items.size());
    failures.complete = !unsuccessful.more;
    return failures;
}

}  // namespace orchestrator::cli
