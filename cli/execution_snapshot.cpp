#include "cli/execution_snapshot.h"

#include <algorithm>

#include "cli/json_text.h"

namespace orchestrator::cli {
namespace {

std::optional<milliseconds> duration_of(const json::object& object, std::string_view name) {
    const auto value = number_of(object, name);
    if (!value) return std::nullopt;
    return milliseconds{static_cast<std::int64_t>(*value)};
}

step_progress read_step(const json::object& object) {
    return {
        .name = text_of(object, "step_name"),
        .total = integer_of(object, "total"),
        .completed = integer_of(object, "completed"),
        .failed = integer_of(object, "failed"),
        .skipped = integer_of(object, "skipped"),
        .retries = integer_of(object, "retries"),
        .p50 = duration_of(object, "p50_ms"),
        .p95 = duration_of(object, "p95_ms"),
    };
}

tenant_counts read_tenants(const json::object& object) {
    return {
        .total = integer_of(object, "total"),
        .completed = integer_of(object, "completed"),
        .partial = integer_of(object, "partial"),
        .failed = integer_of(object, "failed"),
        .cancelled = integer_of(object, "cancelled"),
    };
}

}  // namespace

bool execution_snapshot::has_ended() const { return status != "pending" && status != "running"; }

milliseconds execution_snapshot::elapsed(system_time now) const {
    if (duration) return *duration;
    const auto since = started_at ? started_at : created_at;
    if (!since) return milliseconds{0};
    return std::max(milliseconds{0}, now - *since);  // the server's clock may be ahead of ours
}

std::optional<execution_snapshot> read_execution(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr || text_of(*object, "id").empty() || text_of(*object, "status").empty()) return std::nullopt;
    execution_snapshot read{
        .id = text_of(*object, "id"),
        .workflow_name = text_of(*object, "workflow_name"),
        .status = text_of(*object, "status"),
        .error_message = text_of(*object, "error_message"),
        .cancel_requested = is_true(*object, "cancel_requested"),
        .planning_complete = is_true(*object, "planning_complete"),
        .created_at = parse_time(text_of(*object, "created_at")),
        .started_at = parse_time(text_of(*object, "started_at")),
        .duration = duration_of(*object, "duration_ms"),
        .steps_per_second = number_of(*object, "steps_per_second"),
        .tenants = read_tenants(object_of(*object, "tenants")),
        .steps = {},
    };
    for (const auto& step : array_of(*object, "step_summaries"))
        if (const auto* fields = step.if_object()) read.steps.push_back(read_step(*fields));
    return read;
}

}  // namespace orchestrator::cli
