// The kinds of values that options take. The refusal of a wrong one names the value and what would be right, and the
// completion script reads the choices off the option's type name.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace orchestrator::cli {

// One of "a|b|c".
CLI::Option* accept_choice(CLI::Option*, const std::string& choices);

struct count_range {
    std::int64_t lowest;
    std::int64_t highest;
};

CLI::Option* accept_count(CLI::Option*, count_range);

inline constexpr const char* execution_statuses = "pending|running|completed|partial|failed|cancelled";

}  // namespace orchestrator::cli
