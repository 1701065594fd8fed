// Reads the query parameters of one request and collects every broken rule, so that a caller sees all at once.
// Each parameter may be given once; an empty one counts as absent.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/error_response.h"
#include "api/target.h"

namespace orchestrator::api {

inline constexpr int largest_limit = 500;

class query_parameters {
  public:
    explicit query_parameters(std::vector<query_pair>);

    // Each reader returns nullopt, or the fallback, when the parameter is absent or broke a rule (which is recorded).
    std::optional<std::string> text(std::string_view name);
    std::optional<std::int64_t> count(std::string_view name);  // a whole number from 0
    int limit(int fallback);                                   // "limit", 1 to largest_limit
    bool boolean(std::string_view name, bool fallback);

    // `parse` gives an optional; `expected` says what would be right: "a UUID", "one of a, b".
    template <class Parse>
    auto parsed(std::string_view name, Parse parse, std::string_view expected) -> decltype(parse(name)) {
        const auto given = text(name);
        if (!given) return std::nullopt;
        auto value = parse(std::string_view{*given});
        if (!value) add_unexpected(name, *given, expected);
        return value;
    }

    // To be called last: a parameter that no reader asked for is a violation, with the known names.
    [[nodiscard]] std::expected<void, problem> conclude();

  private:
    void add_unexpected(std::string_view name, std::string_view given, std::string_view expected);

    std::vector<query_pair> given_;
    std::set<std::string, std::less<>> known_;
    std::vector<violation> violations_;
};

// "12" and nothing but digits; nullopt when it does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_count(std::string_view);

}  // namespace orchestrator::api
