#include "cli/option_values.h"

#include <fmt/format.h>

#include <charconv>

namespace orchestrator::cli {
namespace {

std::string with_commas(const std::string& choices) {
    std::string text;
    for (const char c : choices) text += c == '|' ? std::string{", "} : std::string{c};
    return text;
}

bool is_choice(const std::string& value, const std::string& choices) {
    return !value.empty() && !value.contains('|') && ("|" + choices + "|").contains("|" + value + "|");
}

}  // namespace

CLI::Option* accept_choice(CLI::Option* option, const std::string& choices) {
    option->type_name(choices);
    return option->check([choices](const std::string& value) {
        return is_choice(value, choices) ? std::string{}
                                         : fmt::format("\"{}\" is none of {}", value, with_commas(choices));
    });
}

CLI::Option* accept_count(CLI::Option* option, count_range range) {
    option->type_name("N");
    return option->check([range](const std::string& value) {
        std::int64_t number = 0;
        const auto* end = value.data() + value.size();
        const auto [stopped, failed] = std::from_chars(value.data(), end, number);
        const bool right = failed == std::errc{} && stopped == end && number >= range.lowest && number <= range.highest;
        return right ? std::string{}
                     : fmt::format("\"{}\" is not a whole number from {} to {}", value, range.lowest, range.highest);
    });
}

}  // namespace orchestrator::cli
