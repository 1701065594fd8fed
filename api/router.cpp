#include "api/router.h"

#include <fmt/format.h>

#include <optional>

namespace orchestrator::api {
namespace {

struct pattern_match {
    int parameters = 0;
    std::string id;
};

std::optional<pattern_match> match(std::string_view pattern, std::span<const std::string> segments) {
    pattern_match matched;
    for (const auto& segment : segments) {
        if (!pattern.starts_with('/')) return std::nullopt;
        pattern.remove_prefix(1);
        const auto expected = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(expected.size());
        if (expected == "{id}" && !segment.empty()) {
            ++matched.parameters;
            matched.id = segment;
        } else if (expected != segment) {
            return std::nullopt;
        }
    }
    return pattern.empty() ? std::optional{std::move(matched)} : std::nullopt;
}

std::unexpected<problem> not_allowed(std::span<const route> table, std::string_view pattern) {
    std::string allowed;
    for (const auto& candidate : table) {
        if (candidate.pattern != pattern) continue;
        if (!allowed.empty()) allowed += ", ";
        allowed += candidate.method;
        if (candidate.method == "GET") allowed += ", HEAD";
    }
    problem refused{.status = 405, .code = "method_not_allowed", .detail = "this path knows " + allowed};
    refused.headers.emplace_back("Allow", std::move(allowed));
    return std::unexpected{std::move(refused)};
}

}  // namespace

std::expected<route_match, problem> find_route(std::span<const route> table, std::string_view method,
                                               std::span<const std::string> segments) {
    std::optional<pattern_match> best;
    std::string_view pattern;
    for (const auto& candidate : table) {
        auto matched = match(candidate.pattern, segments);
        if (!matched || (best && best->parameters <= matched->parameters)) continue;
        best = std::move(matched);
        pattern = candidate.pattern;
    }
    if (!best) return refuse(errc::not_found, "no such path");

    if (method == "HEAD") method = "GET";
    for (const auto& candidate : table)
        if (candidate.pattern == pattern && candidate.method == method)
            return route_match{&candidate, std::move(best->id)};
    return not_allowed(table, pattern);
}

}  // namespace orchestrator::api
