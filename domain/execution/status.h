// The states of executions, of their tenant runs, and of steps; the words are those of SQL, JSON and the metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace orchestrator {

enum class execution_status : std::uint8_t {
    pending,    // accepted; not a tenant planned yet
    running,    // tenants are being planned or run
    completed,  // every tenant completed
    partial,    // some tenant completed, some did not
    failed,     // no tenant completed, or planning failed before the first
    cancelled,  // by request
};

// A tenant run: one tenant's part of an execution.
enum class run_status : std::uint8_t {
    pending,    // waits for its turn, or for the time of a retry
    running,    // claimed by an instance
    completed,  // every critical step completed
    partial,    // some critical steps completed, others failed or were skipped
    failed,     // no critical step completed
    cancelled,  // ended before its time by request
};

enum class step_status : std::uint8_t {
    completed,
    failed,
    skipped,  // never called: a step before it failed, or the run was cancelled
};

[[nodiscard]] std::string_view to_string(execution_status);
[[nodiscard]] std::string_view to_string(run_status);
[[nodiscard]] std::string_view to_string(step_status);
[[nodiscard]] std::optional<execution_status> parse_execution_status(std::string_view);
[[nodiscard]] std::optional<run_status> parse_run_status(std::string_view);
[[nodiscard]] std::optional<step_status> parse_step_status(std::string_view);

[[nodiscard]] constexpr bool is_final(execution_status s) {
    return s != execution_status::pending && s != execution_status::running;
}
[[nodiscard]] constexpr bool is_final(run_status s) { return s != run_status::pending && s != run_status::running; }

}  // namespace orchestrator
