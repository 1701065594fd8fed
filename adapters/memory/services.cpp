// What operators set for services, in the memory store.
#include <ranges>

#include "adapters/memory/store.h"

namespace orchestrator::memory {

task<result<std::vector<service_setting>>> store::list_service_settings() {
    const std::scoped_lock lock{guard_};
    std::vector<service_setting> listed;
    for (const auto& each : service_settings_ | std::views::values) listed.push_back(each);
    co_return listed;
}

task<result<service_setting>> store::change_service(service_change change, system_time now) {
    const std::scoped_lock lock{guard_};
    auto& kept = service_settings_[change.service];
    kept.service = change.service;
    if (change.max_calls) kept.max_calls = *change.max_calls;
    if (change.paused_until) kept.paused_until = *change.paused_until;
    if (change.reason) kept.reason = *change.reason;
    kept.updated_at = now;
    co_return kept;
}

}  // namespace orchestrator::memory
