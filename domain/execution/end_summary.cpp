#include "domain/execution/end_summary.h"

#include <boost/json.hpp>

namespace orchestrator {
namespace json = boost::json;
namespace {

json::object counts_to_json(const step_counts& counts) {
    return {{"total", counts.total},
            {"completed", counts.completed},
            {"failed", counts.failed},
            {"skipped", counts.skipped},
            {"retries", counts.retries}};
}

json::object tenants_to_json(const tenant_counts& tenants) {
    return {{"total", tenants.total},
            {"completed", tenants.completed},
            {"partial", tenants.partial},
            {"failed", tenants.failed},
            {"cancelled", tenants.cancelled}};
}

}  // namespace

std::string summarise_end(const execution& ended, const std::vector<step_summary>& steps) {
    json::object by_step;
    for (const auto& each : steps) by_step[each.step_name] = counts_to_json(each.counts);
    const auto completed_at = ended.completed_at.value();
    const auto began = ended.started_at.value_or(ended.created_at);
    return json::serialize(json::object{{"execution_id", to_string(ended.id)},
                                        {"workflow_name", ended.workflow_name},
                                        {"status", to_string(ended.status)},
                                        {"completed_at", format_time(completed_at)},
                                        {"duration_ms", (completed_at - began).count()},
                                        {"tenants", tenants_to_json(ended.tenants)},
                                        {"steps", counts_to_json(ended.steps)},
                                        {"by_step", std::move(by_step)}});
}

}  // namespace orchestrator
