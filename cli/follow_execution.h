// Looks at an execution until it has ended.
#pragma once

#include <boost/json.hpp>

#include <functional>
#include <optional>

#include "cli/progress_display.h"

namespace orchestrator::cli {

inline constexpr milliseconds between_looks{200};

struct ended_execution {
    boost::json::object document;  // as the API answered it
    execution_snapshot snapshot;
};

// `look` answers the Execution, `wall_clock` the time of day. nullopt when the person interrupts. Throws
// command_failure when the server stays away for 30 s, refuses, or answers something that is no execution.
[[nodiscard]] std::optional<ended_execution> follow_execution(const std::function<api_result()>& look,
                                                              const std::function<system_time()>& wall_clock, pacing&,
                                                              progress_display&);

}  // namespace orchestrator::cli
