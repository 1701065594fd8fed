#include "cli/failure_summary.h"

#include <algorithm>

#include "cli/json_text.h"

namespace orchestrator::cli {

void failure_summary::add(const json::object& tenant_run) {
    bool any = false;
    for (const auto& value : array_of(tenant_run, "steps")) {
        const auto* step = value.if_object();
        if (step == nullptr || text_of(*step, "status") != "failed") continue;
        any = true;
        add_failure(tenant_run, {.step_name = text_of(*step, "step_name"),
                                 .error_message = text_of(*step, "error_message"),
                                 .error_code = text_of(*step, "error_code"),
                                 .http_status = integer_of(*step, "http_status")});
    }
    if (!any) add_failure(tenant_run, {.error_message = text_of(tenant_run, "error_message")});
}

void failure_summary::add_failure(const json::object& tenant_run, failure_group failure) {
    const auto [place, is_new] =
        index_.try_emplace(std::tuple{failure.step_name, failure.error_message}, groups_.size());
    if (is_new) {
        failure.example_tenant_id = text_of(tenant_run, "tenant_id");
        failure.example_tenant_name = text_of(tenant_run, "tenant_name");
        groups_.push_back(std::move(failure));
    }
    ++groups_[place->second].tenants;
}

std::vector<failure_group> failure_summary::groups() const {
    auto sorted = groups_;
    std::ranges::sort(sorted, {}, [](const failure_group& group) {
        return std::tuple{-group.tenants, group.step_name, group.error_message};
    });
    return sorted;
}

json::array to_json(const std::vector<failure_group>& groups) {
    const auto text_or_null = [](const std::string& text) { return text.empty() ? json::value{} : json::value(text); };
    json::array all;
    for (const auto& group : groups)
        all.push_back(json::object{
            {"step_name", text_or_null(group.step_name)},
            {"error_message", text_or_null(group.error_message)},
            {"error_code", text_or_null(group.error_code)},
            {"http_status", group.http_status == 0 ? json::value{} : json::value(group.http_status)},
            {"tenants", group.tenants},
            {"example_tenant_id", text_or_null(group.example_tenant_id)},
            {"example_tenant_name", text_or_null(group.example_tenant_name)},
        });
    return all;
}

}  // namespace orchestrator::cli
