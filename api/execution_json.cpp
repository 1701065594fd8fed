#include "api/execution_json.h"

#include <algorithm>

#include "api/json_values.h"

namespace orchestrator::api {
namespace {

// nullopt before the start. The wall clock may jump back, a duration may not.
std::optional<milliseconds> duration_of(const execution& from, system_time now) {
    if (!from.started_at) return std::nullopt;
    return std::max(from.completed_at.value_or(now) - *from.started_at, milliseconds{0});
}

json::value steps_per_second(const execution& from, const std::optional<milliseconds>& duration) {
    if (!duration) return nullptr;
    const auto measured = std::max(*duration, milliseconds{1});
    return static_cast<double>(from.steps.ended()) * 1'000.0 / static_cast<double>(measured.count());
}

template <class Number>
json::value number_or_null(const std::optional<Number>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::value id_or_null(const auto& id) { return id ? json::value(to_string(*id)) : json::value(nullptr); }

json::object tenants_to_json(const tenant_counts& tenants) {
    return {{"total", tenants.total},   {"completed", tenants.completed}, {"partial", tenants.partial},
            {"failed", tenants.failed}, {"cancelled", tenants.cancelled}, {"pending", tenants.total - tenants.ended()}};
}

json::object summary_to_json(const step_summary& from) {
    const auto quantile = [&](double q) -> json::value {
        const auto value = from.latency.quantile(q);
        return value ? json::value(value->count()) : json::value(nullptr);
    };
    return {{"step_name", from.step_name},        {"step_index", from.step_index}, {"total", from.counts.total},
            {"completed", from.counts.completed}, {"failed", from.counts.failed},  {"skipped", from.counts.skipped},
            {"retries", from.counts.retries},     {"p50_ms", quantile(0.5)},       {"p95_ms", quantile(0.95)}};
}

json::object step_to_json(const step_record& from, const std::vector<std::string>& names) {
    const auto index = static_cast<std::size_t>(from.step_index);
    // A skipped step never started: the store may keep the moment of the skip there.
    const bool called = from.attempts > 0;
    return {{"step_name", index < names.size() ? json::value(names[index]) : json::value(nullptr)},
            {"step_index", from.step_index},
            {"status", to_string(from.status)},
            {"attempts", from.attempts},
            {"http_status", from.http_status ? json::value(from.http_status) : json::value(nullptr)},
            {"carried_over", from.carried_over},
            {"started_at", called ? json::value(format_time(from.started_at)) : json::value(nullptr)},
            {"duration_ms", from.duration.count()},
            {"result", stored_json(from.result)},
            {"error_code", text_or_null(from.error_code)},
            {"error_message", text_or_null(from.error_message)}};
}

}  // namespace

json::object execution_to_json(const execution& from, system_time now) {
    const auto duration = duration_of(from, now);
    const auto duration_ms = duration ? std::optional{duration->count()} : std::nullopt;
    const auto duration_seconds = duration ? std::optional{duration->count() / 1'000} : std::nullopt;
    return {{"id", to_string(from.id)},
            {"workflow_id", to_string(from.workflow)},
            {"workflow_name", from.workflow_name},
            {"execution_type", from.execution_type},
            {"retry_of", id_or_null(from.retry_of)},
            {"scheduled_for", time_or_null(from.scheduled_for)},
            {"is_backfill", from.is_backfill},
            {"status", to_string(from.status)},
            {"cancel_requested", from.cancel_requested},
            {"planning_complete", from.planning_complete},
            {"planned_to_end", from.planned_to_end},
            {"created_at", format_time(from.created_at)},
            {"started_at", time_or_null(from.started_at)},
            {"completed_at", time_or_null(from.completed_at)},
            {"deadline_at", format_time(from.deadline_at)},
            {"duration_seconds", number_or_null(duration_seconds)},
            {"duration_ms", number_or_null(duration_ms)},
            {"error_message", text_or_null(from.error_message)},
            {"executed_by_instance", text_or_null(from.executed_by_instance)},
            {"tenants", tenants_to_json(from.tenants)},
            {"steps_total", from.steps.total},
            {"steps_completed", from.steps.completed},
            {"steps_failed", from.steps.failed},
            {"steps_skipped", from.steps.skipped},
            {"retries", from.steps.retries},
            {"steps_per_second", steps_per_second(from, duration)}};
}

json::object execution_to_json(const execution& from, const std::vector<step_summary>& summaries, system_time now) {
    auto shown = execution_to_json(from, now);
    json::array list;
    for (const auto& summary : summaries) list.push_back(summary_to_json(summary));
    shown["step_summaries"] = std::move(list);
    shown["result_summary"] = stored_json(from.result_summary);
    return shown;
}

json::object run_to_json(const tenant_run_view& from, const std::vector<std::string>& step_names) {
    json::array steps;
    for (const auto& step : from.steps) steps.push_back(step_to_json(step, step_names));
    return {{"tenant_id", to_string(from.tenant)},
            {"tenant_name", as_utf8(from.tenant_name)},
            {"subscription_tier", to_string(from.tier)},
            {"timezone", as_utf8(from.timezone)},
            {"status", to_string(from.status)},
            {"not_before", time_or_null(from.not_before)},
            {"started_at", time_or_null(from.started_at)},
            {"completed_at", time_or_null(from.completed_at)},
            {"claimed_by", text_or_null(from.claimed_by)},
            {"steps", std::move(steps)}};
}

json::object log_to_json(const log_entry& from) {
    const bool of_step = !from.step_name.empty();
    return {{"sequence", from.sequence},
            {"tenant_id", id_or_null(from.tenant)},
            {"step_name", text_or_null(from.step_name)},
            {"step_index", of_step ? json::value(from.step_index) : json::value(nullptr)},
            {"log_level", to_string(from.level)},
            {"log_message", as_utf8(from.message)},
            {"log_data", stored_json(from.data)},
            {"logged_at", format_time(from.logged_at)}};
}

}  // namespace orchestrator::api
