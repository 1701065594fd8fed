#include "api/query_parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "api/utf8.h"

namespace orchestrator::api {
namespace {

std::string pointer(std::string_view name) { return fmt::format("query:{}", excerpt(name)); }

}  // namespace

std::optional<std::int64_t> parse_count(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
    return value;
}

query_parameters::query_parameters(std::vector<query_pair> given) : given_{std::move(given)} {
    std::set<std::string_view> seen;
    std::set<std::string_view> repeated;
    for (const auto& [name, value] : given_)
        if (!seen.insert(name).second && repeated.insert(name).second)
            violations_.push_back({pointer(name), "is given more than once"});
}

std::optional<std::string> query_parameters::text(std::string_view name) {
    known_.emplace(name);
    const auto found = std::ranges::find(given_, name, &query_pair::name);
    if (found == given_.end() || found->value.empty()) return std::nullopt;
    return found->value;
}

std::optional<std::int64_t> query_parameters::count(std::string_view name) {
    return parsed(name, parse_count, "a whole number from 0");
}

int query_parameters::limit(int fallback) {
    const auto in_range = [](std::string_view value) {
        const auto number = parse_count(value);
        return number && *number >= 1 && *number <= largest_limit ? number : std::nullopt;
    };
    const auto wanted = parsed("limit", in_range, fmt::format("a whole number from 1 to {}", largest_limit));
    return static_cast<int>(wanted.value_or(fallback));
}

bool query_parameters::boolean(std::string_view name, bool fallback) {
    const auto parse = [](std::string_view value) -> std::optional<bool> {
        if (value == "true") return true;
        if (value == "false") return false;
        return std::nullopt;
    };
    return parsed(name, parse, "true or false").value_or(fallback);
}

void query_parameters::add_unexpected(std::string_view name, std::string_view given, std::string_view expected) {
    violations_.push_back({pointer(name), fmt::format("\"{}\" is not {}", excerpt(given), expected)});
}

std::expected<void, problem> query_parameters::conclude() {
    for (const auto& [name, value] : given_) {
        if (known_.contains(name)) continue;
        violations_.push_back(
            {pointer(name), known_.empty() ? std::string{"unknown parameter; this route takes none"}
                                           : fmt::format("unknown parameter; known are {}", fmt::join(known_, ", "))});
    }
    if (violations_.empty()) return {};
    return refuse_unreadable(std::move(violations_));
}

}  // namespace orchestrator::api
