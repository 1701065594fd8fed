// Backfills of the memory store.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "adapters/memory/store.h"

namespace orchestrator::memory {

tracked_backfill store::track(const kept_backfill& kept) const {
    tracked_backfill seen{kept.current, {}};
    for (const auto& [at, opened] : kept.occurrences) {
        ++seen.progress.occurrences;
        if (!opened) continue;
        ++seen.progress.opened;
        // What is not there any more had ended, and was forgotten.
        const auto known = executions_.find(*opened);
        const auto status = known == executions_.end() ? execution_status::completed : known->second.current.status;
        seen.progress.ended += is_final(status) ? 1 : 0;
        seen.progress.failed += is_final(status) && status != execution_status::completed ? 1 : 0;
    }
    return seen;
}

task<result<void>> store::insert_backfill(backfill added, std::vector<system_time> occurrences) {
    const std::scoped_lock lock{guard_};
    auto& kept = backfills_[added.id];
    kept.current = std::move(added);
    for (const auto at : occurrences) kept.occurrences.emplace(at, std::nullopt);
    ++schedule_revision_;
    co_return result<void>{};
}

task<result<std::vector<tracked_backfill>>> store::list_backfills(int limit) {
    const std::scoped_lock lock{guard_};
    std::vector<tracked_backfill> listed;
    for (const auto& kept : backfills_ | std::views::values | std::views::reverse | std::views::take(limit))
        listed.push_back(track(kept));
    co_return listed;
}

task<result<tracked_backfill>> store::find_backfill(backfill_id id) {
    const std::scoped_lock lock{guard_};
    const auto found = backfills_.find(id);
    if (found == backfills_.end())
        co_return fail(errc::not_found, fmt::format("backfill {} is not known", to_string(id)));
    co_return track(found->second);
}

task<result<tracked_backfill>> store::cancel_backfill(backfill_id id, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = backfills_.find(id);
    if (found == backfills_.end())
        co_return fail(errc::not_found, fmt::format("backfill {} is not known", to_string(id)));
    auto& kept = found->second;
    if (track(kept).is_done()) co_return fail(errc::state_conflict, fmt::format("backfill {} is done", to_string(id)));
    if (!kept.current.cancelled_at) kept.current.cancelled_at = now;
    ++schedule_revision_;
    co_return track(kept);
}

task<result<std::vector<backfill_turn>>> store::next_of_backfills(system_time now) {
    const std::scoped_lock lock{guard_};
    std::vector<backfill_turn> turns;
    for (auto& kept : backfills_ | std::views::values) {
        if (kept.current.done_at) continue;
        const auto seen = track(kept);
        if (seen.is_done()) kept.current.done_at = now;
        if (kept.current.cancelled_at || seen.is_done()) continue;
        auto& turn = turns.emplace_back(kept.current);
        auto room = kept.current.max_concurrent - (seen.progress.opened - seen.progress.ended);
        for (const auto& [at, opened] : kept.occurrences)
            if (!opened && room-- > 0) turn.next.push_back(at);
    }
    co_return turns;
}

std::optional<execution_id> store::open_one(const backfill_start& start, system_time now) {
    const auto found = backfills_.find(start.of);
    if (found == backfills_.end() || found->second.current.cancelled_at) return std::nullopt;
    const auto at = start.opened.scheduled_for.value();
    const auto waiting = found->second.occurrences.find(at);
    if (waiting == found->second.occurrences.end() || waiting->second) return std::nullopt;
    auto& outcome = workflows_.at(start.opened.workflow).occurrences[at];
    if (outcome.outcome == occurrence_outcome::started && outcome.execution) {
        waiting->second = outcome.execution;
        return std::nullopt;
    }
    insert_execution(start.opened);
    waiting->second = start.opened.id;
    outcome = {at, occurrence_outcome::started, "backfill", start.opened.id, now};
    return start.opened.id;
}

task<result<std::vector<execution_id>>> store::open_backfill_executions(std::vector<backfill_start> starts,
                                                                        std::int64_t epoch, system_time now) {
    const std::scoped_lock lock{guard_};
    if (is_superseded(epoch)) co_return fail(errc::superseded, "a newer leader has begun");
    std::vector<execution_id> opened;
    for (const auto& start : starts)
        if (const auto id = open_one(start, now)) opened.push_back(*id);
    co_return opened;
}

}  // namespace orchestrator::memory
