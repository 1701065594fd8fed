#include "engine/active_execution.h"

#include <fmt/format.h>

namespace orchestrator {

task<result<std::shared_ptr<active_execution>>> active_executions::find(execution_id id) {
    if (const auto found = active_.find(id); found != active_.end()) co_return found->second;
    reading_.insert(id);
    auto stored = co_await store_.find_execution(id);
    reading_.erase(reading_.find(id));
    if (stored && cancelled_meanwhile_.contains(id)) stored->cancel_requested = true;
    if (!reading_.contains(id)) cancelled_meanwhile_.erase(id);
    if (!stored) co_return std::unexpected{stored.error()};
    // Somebody else may have read it while we waited.
    if (const auto found = active_.find(id); found != active_.end()) co_return found->second;
    auto definition = parse_definition(stored->definition);
    if (!definition)
        co_return fail(errc::store_corrupt,
                       fmt::format("the definition stored with execution {} is not valid: {} {}", to_string(id),
                                   definition.error().front().pointer, definition.error().front().message));
    auto made = make(*stored, std::move(*definition));
    active_.emplace(id, made);
    co_return made;
}

std::shared_ptr<active_execution> active_executions::make(const execution& stored, workflow_definition definition) {
    auto made = std::make_shared<active_execution>();
    made->id = stored.id;
    made->definition = std::move(definition);
    made->deadline = time_.steady_now() + (stored.deadline_at - time_.now());
    for (const auto& step : made->definition.steps) {
        const auto service = services_.find(step.service);
        made->targets.push_back(
            {service == services_.end() ? nullptr : &service->second, limits_.service_index(step.service)});
    }
    if (stored.cancel_requested) {
        made->cancelled = true;
        made->stop.request_stop();
    }
    return made;
}

void active_executions::cancel(execution_id id) {
    const auto found = active_.find(id);
    if (found == active_.end()) {
        if (reading_.contains(id)) cancelled_meanwhile_.insert(id);
        return;
    }
    const auto execution = found->second;  // ending its calls may lead to its being forgotten
    execution->cancelled = true;
    execution->stop.request_stop();
}

void active_executions::forget(execution_id id) { active_.erase(id); }

void active_executions::forget_others(const std::set<execution_id>& open) {
    std::erase_if(active_,
                  [&](const auto& each) { return each.second.use_count() == 1 && !open.contains(each.first); });
}

void active_executions::abandon_all() {
    for (const auto& [id, execution] : std::exchange(active_, {})) {
        execution->abandoned = true;
        execution->stop.request_stop();
    }
}

void active_executions::stop_all() {
    for (const auto& [id, execution] : active_) execution->stop.request_stop();
}

}  // namespace orchestrator
