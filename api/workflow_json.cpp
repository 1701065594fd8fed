#include "api/workflow_json.h"

#include "api/json_values.h"

namespace orchestrator::api {

std::string_view problem_of(const workflow& of) {
    return of.unreadable_schedule.empty() ? of.schedule_problem : of.unreadable_schedule;
}

json::object workflow_to_json(const workflow& from) {
    json::object object{{"id", to_string(from.id)},
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
                        {"updated_at", format_time(from.updated_at)},
                        {"next_execution_at", time_or_null(from.next_execution_at)},
                        {"schedule_problem", text_or_null(problem_of(from))}};
    for (auto& field : to_json(from.when)) object.insert(field);
    return object;
}

}  // namespace orchestrator::api
