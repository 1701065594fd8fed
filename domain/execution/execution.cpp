#include "domain/execution/execution.h"

namespace orchestrator {

execution_status final_execution_status(const tenant_counts& tenants, bool cancel_requested, bool planned_to_end) {
    if (cancel_requested) return execution_status::cancelled;
    if (planned_to_end && tenants.completed == tenants.total) return execution_status::completed;
    return tenants.completed + tenants.partial > 0 ? execution_status::partial : execution_status::failed;
}

std::string_view to_string(log_level level) {
    switch (level) {
        case log_level::info:
            return "info";
        case log_level::warning:
            return "warning";
        case log_level::error:
            return "error";
    }
    return "info";
}

std::optional<log_level> parse_log_level(std::string_view text) {
    for (const auto level : {log_level::info, log_level::warning, log_level::error})
        if (text == to_string(level)) return level;
    return std::nullopt;
}

}  // namespace orchestrator
