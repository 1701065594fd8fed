#include "api/workflow_json.h"

#include "api/json_values.h"

namespace orchestrator::api {

json::object workflow_to_json(const workflow& from) {
    return {{"id", to_string(from.id)},
            {"workflow_name", from.workflow_name},
            {"workflow_type", from.workflow_type},
            {"description", as_utf8(from.description)},
            {"is_enabled", from.is_enabled},
            {"max_execution_time_seconds", from.max_execution_time_seconds},
            {"max_retries", from.max_retries},
            {"retry_delay_seconds", from.retry_delay_seconds},
            {"steps", stored_json(from.steps)},
            {"last_execution_at", time_or_null(from.last_execution_at)},
            {"last_success_at", time_or_null(from.last_success_at)},
            {"last_failure_at", time_or_null(from.last_failure_at)},
            {"consecutive_failures", from.consecutive_failures},
            {"created_at", format_time(from.created_at)},
            {"updated_at", format_time(from.updated_at)}};
}

}  // namespace orchestrator::api
