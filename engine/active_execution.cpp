#include "engine/active_execution.h"

#include <spdlog/spdlog.h>

namespace orchestrator {
namespace {

constexpr milliseconds unreadable_look{10'000};  // a definition may be mended

}  // namespace

task<result<std::shared_ptr<active_execution>>> active_executions::find(execution_id id) {
    if (const auto found = active_.find(id); found != active_.end()) co_return found->second;
    // Its runs are claimed by the hundred: each of them would read the same again.
    if (auto known = known_as_unreadable(id)) co_return std::unexpected{std::move(*known)};
    auto found = co_await read(id);
    const std::scoped_lock lock{guard_};
    if (found)
        unreadable_.erase(id);
    else if (!is_store_fault(found.error().code) &&
             unreadable_.insert_or_assign(id, unreadable_execution{found.error().message, time_.steady_now()}).second)
        spdlog::error("execution {} is left to others: {}", to_string(id), found.error().message);
    co_return found;
}

task<result<std::shared_ptr<active_execution>>> active_executions::read(execution_id id) {
    reading_.insert(id);
    auto stored = co_await store_.find_execution(id);
    reading_.erase(reading_.find(id));
    if (stored && cancelled_meanwhile_.contains(id)) stored->cancel_requested = true;
    if (!reading_.contains(id)) cancelled_meanwhile_.erase(id);
    if (!stored) co_return std::unexpected{stored.error()};
    // Somebody else may have read it while we waited.
    if (const auto found = active_.find(id); found != active_.end()) co_return found->second;
    auto definition = parse_definition(stored->definition);
    if (!definition) co_return fail(errc::unreadable, unreadable_definition_message(definition.error()));
    if (stored->filter.has_unknown)
        co_return fail(errc::unreadable,
                       "this version of the program cannot read which tenants the execution takes in");
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
        made->targets.push_back({.origin = service == services_.end() ? nullptr : &service->second,
                                 .service = limits_.service_index(step.service),
                                 .route = std::hash<std::string>{}(stored.workflow_name + '\n' + step.name)});
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

std::optional<error> active_executions::known_as_unreadable(execution_id id) const {
    const std::scoped_lock lock{guard_};
    const auto found = unreadable_.find(id);
    if (found == unreadable_.end() || time_.steady_now() - found->second.looked_at >= unreadable_look)
        return std::nullopt;
    return error{errc::unreadable, found->second.why, {}};
}

std::map<execution_id, std::string> active_executions::unreadable() const {
    const std::scoped_lock lock{guard_};
    std::map<execution_id, std::string> found;
    for (const auto& [id, execution] : unreadable_) found.emplace(id, execution.why);
    return found;
}

void active_executions::forget(execution_id id) {
    active_.erase(id);
    const std::scoped_lock lock{guard_};
    unreadable_.erase(id);
}

void active_executions::forget_others(const std::set<execution_id>& open) {
    std::erase_if(active_,
                  [&](const auto& each) { return each.second.use_count() == 1 && !open.contains(each.first); });
    const std::scoped_lock lock{guard_};
    std::erase_if(unreadable_, [&](const auto& each) { return !open.contains(each.first); });
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
