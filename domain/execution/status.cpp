#include "domain/execution/status.h"

#include <array>

namespace orchestrator {
namespace {

constexpr std::array<std::string_view, 6> execution_names{"pending", "running", "completed",
                                                          "partial", "failed",  "cancelled"};
constexpr std::array<std::string_view, 6> run_names = execution_names;  // the same words, on purpose
constexpr std::array<std::string_view, 3> step_names{"completed", "failed", "skipped"};

template <class Status, std::size_t N>
std::optional<Status> parse(const std::array<std::string_view, N>& names, std::string_view text) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == text) return static_cast<Status>(i);
    return std::nullopt;
}

}  // namespace

std::string_view to_string(execution_status status) { return execution_names[std::size_t(status)]; }
std::string_view to_string(run_status status) { return run_names[std::size_t(status)]; }
std::string_view to_string(step_status status) { return step_names[std::size_t(status)]; }

std::optional<execution_status> parse_execution_status(std::string_view text) {
    return parse<execution_status>(execution_names, text);
}
std::optional<run_status> parse_run_status(std::string_view text) { return parse<run_status>(run_names, text); }
std::optional<step_status> parse_step_status(std::string_view text) { return parse<step_status>(step_names, text); }

}  // namespace orchestrator
