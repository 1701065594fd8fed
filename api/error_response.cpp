#include "api/error_response.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator::api {
namespace {

struct status_of_error {
    errc code;
    int status;
    std::string_view shown;  // the `code` of the problem document
};

// A damaged store and a failing service are nothing that the caller could mend: they are all "internal".
constexpr status_of_error statuses[] = {
    {errc::invalid_argument, 422, "invalid_argument"},
    {errc::not_found, 404, "not_found"},
    {errc::already_exists, 409, "already_exists"},
    {errc::state_conflict, 409, "state_conflict"},
    {errc::store_unavailable, 503, "store_unavailable"},
    {errc::store_full, 503, "store_full"},
    {errc::store_read_only, 503, "store_read_only"},
    {errc::store_unusable, 503, "store_unusable"},
    {errc::store_corrupt, 500, "internal"},
    {errc::entry_refused, 422, "entry_refused"},
    {errc::schema_newer, 500, "internal"},
    {errc::unreadable, 500, "internal"},
    {errc::service_failed, 500, "internal"},
    {errc::stopping, 503, "stopping"},
};

// RFC 9110, section 15.
std::string_view title_of(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 503:
            return "Service Unavailable";
        default:
            return "Internal Server Error";
    }
}

std::string summary_of(const std::vector<violation>& violations) {
    if (violations.size() != 1) return fmt::format("{} fields are wrong", violations.size());
    const auto& only = violations.front();
    return only.pointer.empty() ? only.message : fmt::format("{}: {}", only.pointer, only.message);
}

json::array to_json(const std::vector<violation>& violations) {
    json::array list;
    for (const auto& [pointer, message] : violations)
        list.push_back(json::object{{"pointer", pointer}, {"message", message}});
    return list;
}

}  // namespace

problem problem_of(error from) {
    const auto row = std::ranges::find(statuses, from.code, &status_of_error::code);
    problem made;
    if (row != std::ranges::end(statuses)) {
        made.status = row->status;
        made.code = row->shown;
    }
    made.detail = std::move(from.message);
    made.errors = std::move(from.violations);
    return made;
}

response to_response(const problem& from) {
    json::object document{{"type", "about:blank"},
                          {"title", title_of(from.status)},
                          {"status", from.status},
                          {"code", from.code},
                          {"detail", from.detail}};
    if (!from.errors.empty()) document["errors"] = to_json(from.errors);
    response made{.status = from.status, .headers = from.headers, .body = json::serialize(document)};
    made.headers.emplace_back("Content-Type", "application/problem+json");
    return made;
}

std::unexpected<problem> refuse(error from) { return std::unexpected{problem_of(std::move(from))}; }

std::unexpected<problem> refuse(errc code, std::string detail) { return refuse(error{code, std::move(detail), {}}); }

std::unexpected<problem> refuse_unreadable(std::vector<violation> violations) {
    auto refused = refuse_broken_rules(std::move(violations));
    refused.error().status = 400;
    return refused;
}

std::unexpected<problem> refuse_broken_rules(std::vector<violation> violations) {
    auto detail = summary_of(violations);
    return refuse(error{errc::invalid_argument, std::move(detail), std::move(violations)});
}

}  // namespace orchestrator::api
