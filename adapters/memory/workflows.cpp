// Workflows of the memory store.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/memory/store.h"

namespace orchestrator::memory {
namespace {

std::unexpected<error> unknown(workflow_id id) {
    return fail(errc::not_found, fmt::format("workflow {} does not exist", to_string(id)));
}

}  // namespace

result<workflow> store::live_workflow(workflow_id id) const {
    const auto found = workflows_.find(id);
    if (found == workflows_.end() || found->second.deleted) return unknown(id);
    return found->second.current;
}

bool store::name_taken(const std::string& name, workflow_id except) const {
    return std::ranges::any_of(workflows_, [&](const auto& kept) {
        return !kept.second.deleted && kept.first != except && kept.second.current.workflow_name == name;
    });
}

task<result<std::vector<workflow>>> store::list_workflows() {
    const std::scoped_lock lock{guard_};
    std::vector<workflow> found;
    for (const auto& [id, kept] : workflows_)
        if (!kept.deleted) found.push_back(kept.current);
    std::ranges::sort(found, {}, &workflow::workflow_name);
    co_return found;
}

task<result<workflow>> store::find_workflow(workflow_id id) {
    const std::scoped_lock lock{guard_};
    co_return live_workflow(id);
}

task<result<workflow>> store::find_workflow_by_name(std::string name) {
    const std::scoped_lock lock{guard_};
    for (const auto& [id, kept] : workflows_)
        if (!kept.deleted && kept.current.workflow_name == name) co_return kept.current;
    co_return fail(errc::not_found, fmt::format("workflow \"{}\" does not exist", name));
}

task<result<bool>> store::knows_workflow_name(std::string name) {
    const std::scoped_lock lock{guard_};
    co_return std::ranges::any_of(workflows_,
                                  [&](const auto& kept) { return kept.second.current.workflow_name == name; });
}

task<result<void>> store::insert_workflow(workflow added) {
    const std::scoped_lock lock{guard_};
    if (name_taken(added.workflow_name, added.id))
        co_return fail(errc::already_exists,
                       fmt::format("workflow_name: \"{}\" is taken by another workflow", added.workflow_name));
    auto& kept = workflows_[added.id];
    kept.current = std::move(added);
    kept.current.schedule_version = 1;
    kept.current.decided_until = kept.current.created_at;
    kept.current.next_execution_at.reset();
    kept.current.schedule_problem.clear();
    kept.versions.push_back({1, json::serialize(to_json(kept.current.when)), kept.current.updated_at});
    ++schedule_revision_;
    co_return result<void>{};
}

task<result<workflow>> store::replace_workflow(workflow changed) {
    const std::scoped_lock lock{guard_};
    if (name_taken(changed.workflow_name, changed.id))
        co_return fail(errc::already_exists,
                       fmt::format("workflow_name: \"{}\" is taken by another workflow", changed.workflow_name));
    const auto old = live_workflow(changed.id);
    if (!old) co_return old;
    changed.created_at = old->created_at;
    changed.last_execution_at = old->last_execution_at;
    changed.last_success_at = old->last_success_at;
    changed.last_failure_at = old->last_failure_at;
    changed.consecutive_failures = old->consecutive_failures;
    changed.schedule_version = old->schedule_version;
    changed.decided_until = old->decided_until;
    changed.next_execution_at = old->next_execution_at;
    changed.schedule_problem = old->schedule_problem;
    auto& kept = workflows_[changed.id];
    kept.current = std::move(changed);
    if (kept.current.when != old->when || kept.current.is_enabled != old->is_enabled)
        restart_schedule(kept, kept.current.updated_at);
    ++schedule_revision_;
    co_return kept.current;
}

task<result<workflow>> store::enable_workflow(workflow_id id, bool enabled, system_time now) {
    const std::scoped_lock lock{guard_};
    if (const auto found = live_workflow(id); !found) co_return found;
    auto& kept = workflows_[id];
    const bool changed = kept.current.is_enabled != enabled;
    kept.current.is_enabled = enabled;
    kept.current.updated_at = now;
    if (changed) restart_schedule(kept, now);
    co_return kept.current;
}

task<result<void>> store::delete_workflow(workflow_id id, system_time now) {
    const std::scoped_lock lock{guard_};
    if (const auto found = live_workflow(id); !found) co_return std::unexpected{found.error()};
    workflows_[id].deleted = true;
    workflows_[id].current.updated_at = now;
    ++schedule_revision_;
    co_return result<void>{};
}

task<result<workflow>> store::restore_workflow(workflow_id id, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = workflows_.find(id);
    if (found == workflows_.end() || !found->second.deleted)
        co_return fail(errc::not_found, fmt::format("no deleted workflow has the id {}", to_string(id)));
    auto& kept = found->second;
    if (name_taken(kept.current.workflow_name, id))
        co_return fail(errc::already_exists,
                       "the name of the deleted workflow was taken meanwhile: rename the other one first");
    kept.deleted = false;
    kept.current.updated_at = now;
    restart_schedule(kept, now);
    co_return kept.current;
}

}  // namespace orchestrator::memory
