#include "api/request_body.h"

#include <fmt/format.h>
#include <boost/algorithm/string/predicate.hpp>

#include <algorithm>

#include "domain/json/exact_json.h"
#include "domain/json_fields.h"

namespace orchestrator::api {
namespace {

// With or without parameters (RFC 9110, section 8.3.1).
bool is_of_type(std::string_view content_type, std::string_view media_type) {
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
    return boost::algorithm::iequals(type, media_type);
}

std::expected<void, problem> check_size_and_type(const request& from, std::string_view media_type) {
    if (from.body.size() > largest_body)
        return std::unexpected{problem{
            .status = 413,
            .code = "content_too_large",
            .detail = fmt::format("the body has {} bytes; at most {} are allowed", from.body.size(), largest_body)}};
    if (!is_of_type(find_header(from.headers, "Content-Type"), media_type))
        return std::unexpected{problem{.status = 415,
                                       .code = "unsupported_media_type",
                                       .detail = fmt::format("the body must have Content-Type {}", media_type),
                                       .errors = {{"header:Content-Type", fmt::format("must be {}", media_type)}}}};
    return {};
}

std::unexpected<problem> not_json(std::string_view body, std::size_t offset, const boost::system::error_code& why) {
    const auto before = body.substr(0, offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto line_start = before.rfind('\n');
    const auto column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
    return refuse_unreadable({{"", fmt::format("line {}, column {}: {}", line, column, why.message())}});
}

}  // namespace

std::expected<std::optional<json::value>, problem> read_json_body(const request& from) {
    if (from.body.empty()) return std::nullopt;
    if (auto refused = check_size_and_type(from, "application/json"); !refused)
        return std::unexpected{std::move(refused.error())};
    boost::system::error_code failed;
    std::size_t taken = 0;
    auto read = read_json_exactly(from.body, failed, {}, deepest_body, &taken);
    if (failed) return not_json(from.body, taken, failed);
    return read;
}

std::expected<std::string, problem> read_text_body(request& from, std::string_view media_type) {
    if (from.body.empty()) return refuse_unreadable({{"", fmt::format("a body of {} is required", media_type)}});
    if (auto refused = check_size_and_type(from, media_type); !refused)
        return std::unexpected{std::move(refused.error())};
    return std::move(from.body);
}

std::expected<void, problem> refuse_body(const request& from) {
    const auto body = read_json_body(from);
    if (!body) return std::unexpected{body.error()};
    if (!*body) return {};
    const auto* object = (*body)->if_object();
    if (!object) return refuse_broken_rules({{"", "this request takes no body"}});
    std::vector<violation> violations;
    for (const auto& field : *object)
        violations.push_back({pointer_to("", std::string_view{field.key()}), "unknown field; this request takes none"});
    if (violations.empty()) return {};
    return refuse_broken_rules(std::move(violations));
}

}  // namespace orchestrator::api
