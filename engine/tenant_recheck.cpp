#include "engine/tenant_recheck.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/scoped_count.h"

namespace orchestrator {

bool tenant_recheck::doubts(const claimed_run& run) const {
    const bool has_begun = !run.waits.empty() || !std::ranges::all_of(run.recorded, &step_record::carried_over);
    return !has_begun && asking_ < options_.at_once && tenants_.lacks(run.for_tenant.id);
}

task<std::string> tenant_recheck::ask(tenant_id id, std::stop_token stop) {
    const scoped_count asking{asking_};
    const auto found =
        co_await directory_.find({.deadline = time_.steady_now() + options_.patience, .stop = std::move(stop)}, id);
    if (!found) co_return "";
    if (!*found) co_return "the tenant service does not know this tenant any more";
    if (tenant_filter{}.accepts(**found)) co_return "";
    co_return fmt::format("the tenant is {}", to_string((*found)->status));
}

}  // namespace orchestrator
