// Events of the memory store.
#include <algorithm>
#include <ranges>

#include "adapters/memory/store.h"

namespace orchestrator::memory {

task<result<std::vector<kept_event>>> store::unpublished_events(int limit, system_time now) {
    const std::scoped_lock lock{guard_};
    std::vector<const kept_event*> waiting;
    for (const auto& [id, kept] : outbox_) {
        const auto parked = event_not_before_.find(id);
        const bool is_due = parked == event_not_before_.end() || parked->second <= now;
        if (!kept.published_at && is_due) waiting.push_back(&kept);
    }
    std::ranges::sort(waiting, {}, [&](const auto* kept) {
        const auto parked = event_not_before_.find(kept->of.id);
        return std::tuple{kept->attempts > 0, parked == event_not_before_.end() ? system_time{} : parked->second,
                          kept->of.id};
    });
    std::vector<kept_event> found;
    for (const auto* kept : waiting | std::views::take(limit)) found.push_back(*kept);
    co_return found;
}

task<result<void>> store::note_published(std::vector<event_id> ids, system_time now) {
    const std::scoped_lock lock{guard_};
    for (const auto& id : ids) {
        if (const auto found = outbox_.find(id); found != outbox_.end()) {
            found->second.published_at = now;
            found->second.problem.clear();
        }
    }
    co_return result<void>{};
}

task<result<void>> store::note_unpublished(std::vector<unpublished_event> refused) {
    const std::scoped_lock lock{guard_};
    for (const auto& each : refused) {
        const auto found = outbox_.find(each.id);
        if (found == outbox_.end() || found->second.published_at) continue;
        ++found->second.attempts;
        found->second.problem = each.problem;
        event_not_before_[each.id] = each.not_before;
    }
    co_return result<void>{};
}

task<result<void>> store::note_broker_problem(std::string problem) {
    const std::scoped_lock lock{guard_};
    broker_problem_ = std::move(problem);
    co_return result<void>{};
}

task<result<std::vector<kept_event>>> store::list_events(event_query query) {
    const std::scoped_lock lock{guard_};
    std::vector<kept_event> found;
    for (const auto& [id, kept] : outbox_ | std::views::reverse) {
        if (found.size() == std::size_t(query.limit)) break;
        if ((query.before && id >= *query.before) || (query.unpublished_only && kept.published_at)) continue;
        found.push_back(kept);
        if (!kept.published_at && kept.attempts == 0) found.back().problem = broker_problem_;
    }
    co_return found;
}

}  // namespace orchestrator::memory
