// Schedules and calendars of the memory store.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "adapters/memory/store.h"

namespace orchestrator::memory {

// A new schedule decides about times to come and makes up for none that passed.
void store::restart_schedule(kept_workflow& kept, system_time now) {
    auto& current = kept.current;
    ++current.schedule_version;
    current.decided_until = now;
    current.next_execution_at.reset();
    current.schedule_problem.clear();
    kept.versions.push_back({current.schedule_version, json::serialize(to_json(current.when)), now});
    ++schedule_revision_;
}

task<result<std::int64_t>> store::schedule_revision() {
    const std::scoped_lock lock{guard_};
    co_return schedule_revision_;
}

std::optional<execution_id> store::overlapped_by(workflow_id workflow, const occurrence_start& start) const {
    if (start.overlap == overlap_policy::allow) return std::nullopt;
    const auto open = scheduled_and_open_.find(workflow);
    if (open == scheduled_and_open_.end()) return std::nullopt;
    for (const auto id : open->second) {
        const auto& groups = executions_.at(id).tenant_groups;
        if (start.tenant_groups.empty() || groups.empty() ||
            std::ranges::find_first_of(groups, start.tenant_groups) != groups.end())
            return id;
    }
    return std::nullopt;
}

// False: it has to wait until another execution has ended.
bool store::start_occurrence(kept_workflow& kept, const occurrence_start& start, decision_receipt& receipt,
                             system_time now) {
    const auto workflow = kept.current.id;
    const auto at = start.opened.scheduled_for.value();
    if (kept.occurrences.contains(at)) return true;
    decided_occurrence outcome{at, occurrence_outcome::started, "", start.opened.id, now};
    if (const auto other = overlapped_by(workflow, start)) {
        if (start.overlap == overlap_policy::queue) return false;
        outcome.outcome = occurrence_outcome::overlapped;
        outcome.execution = *other;
    } else {
        insert_execution(start.opened);
        executions_.at(start.opened.id).tenant_groups = start.tenant_groups;
        receipt.opened.push_back(start.opened.id);
    }
    kept.occurrences.emplace(at, outcome);
    return true;
}

void store::keep(kept_workflow& kept, const schedule_decision& decision, decision_receipt& receipt, system_time now) {
    if (decision.heals_to) {
        kept.current.decided_until.reset();
        std::erase_if(kept.occurrences, [&](const auto& each) {
            return each.first > *decision.heals_to && each.second.outcome != occurrence_outcome::started;
        });
    }
    for (const auto& missed : decision.missed)
        kept.occurrences.try_emplace(
            missed.scheduled_for,
            decided_occurrence{missed.scheduled_for, occurrence_outcome::missed, missed.reason, std::nullopt, now});
    auto& current = kept.current;
    auto until = std::max(current.decided_until.value_or(decision.decided_until), decision.decided_until);
    current.next_execution_at = decision.next_execution_at;
    current.schedule_problem = decision.problem;
    for (const auto& start : decision.start) {
        if (start_occurrence(kept, start, receipt, now)) continue;
        receipt.blocked.push_back(decision.workflow);
        until = start.opened.scheduled_for.value() - milliseconds{1};
        current.next_execution_at = start.opened.scheduled_for;
        break;
    }
    current.decided_until = until;
}

task<result<decision_receipt>> store::decide(const std::vector<schedule_decision>& decisions, std::int64_t epoch,
                                             system_time now) {
    const std::scoped_lock lock{guard_};
    if (is_superseded(epoch)) co_return fail(errc::superseded, "a newer leader has begun");
    decision_receipt receipt;
    for (const auto& decision : decisions) {
        const auto found = workflows_.find(decision.workflow);
        if (found == workflows_.end() || found->second.deleted || !found->second.current.is_enabled ||
            found->second.current.schedule_version != decision.schedule_version)
            receipt.stale.push_back(decision.workflow);
        else
            keep(found->second, decision, receipt, now);
    }
    co_return receipt;
}

task<result<std::vector<decided_occurrence>>> store::list_occurrences(workflow_id id, system_time from,
                                                                      system_time until, int limit) {
    const std::scoped_lock lock{guard_};
    std::vector<decided_occurrence> listed;
    const auto found = workflows_.find(id);
    if (found == workflows_.end()) co_return listed;
    const auto& all = found->second.occurrences;
    for (auto each = all.lower_bound(from); each != all.end() && each->first < until; ++each) {
        if (listed.size() == std::size_t(limit)) break;
        listed.push_back(each->second);
    }
    co_return listed;
}

task<result<std::vector<schedule_version>>> store::list_schedule_versions(workflow_id id) {
    const std::scoped_lock lock{guard_};
    const auto found = workflows_.find(id);
    co_return found == workflows_.end() ? std::vector<schedule_version>{} : found->second.versions;
}

task<result<std::optional<system_time>>> store::busy_until(workflow_id id, system_time now) {
    const std::scoped_lock lock{guard_};
    const execution* latest = nullptr;
    for (const auto& [key, kept] : executions_) {
        const auto& at = kept.current;
        if (at.workflow != id || !at.scheduled_for || at.is_backfill) continue;
        if (!latest || *at.scheduled_for > *latest->scheduled_for) latest = &at;
    }
    if (!latest) co_return std::nullopt;
    co_return is_final(latest->status) ? latest->completed_at : now;
}

task<result<std::vector<milliseconds>>> store::past_durations(workflow_id id, int most) {
    const std::scoped_lock lock{guard_};
    std::vector<const execution*> ended;
    for (const auto& [key, kept] : executions_) {
        const auto& at = kept.current;
        if (at.workflow == id && at.scheduled_for && !at.is_backfill && at.completed_at &&
            (at.status == execution_status::completed || at.status == execution_status::partial))
            ended.push_back(&at);
    }
    std::ranges::sort(ended, std::greater{}, &execution::scheduled_for);
    std::vector<milliseconds> durations;
    for (const auto* each : ended | std::views::take(most)) durations.push_back(*each->completed_at - each->created_at);
    co_return durations;
}

task<result<std::vector<tenant_group>>> store::list_tenant_groups() {
    const std::scoped_lock lock{guard_};
    co_return tenant_groups_;
}

task<result<void>> store::replace_tenant_groups(std::vector<tenant_group> groups, std::int64_t epoch) {
    const std::scoped_lock lock{guard_};
    if (is_superseded(epoch)) co_return fail(errc::superseded, "a newer leader has begun");
    std::ranges::sort(groups);
    if (groups != tenant_groups_) ++schedule_revision_;
    tenant_groups_ = std::move(groups);
    co_return result<void>{};
}

// Calendars

task<result<std::vector<stored_calendar>>> store::list_calendars() {
    const std::scoped_lock lock{guard_};
    std::vector<stored_calendar> listed;
    for (const auto& versions : calendars_ | std::views::values)
        if (!versions.back().is_deleted) listed.push_back(versions.back());
    co_return listed;
}

task<result<stored_calendar>> store::find_calendar(std::string code, int version) {
    const std::scoped_lock lock{guard_};
    const auto found = calendars_.find(code);
    if (version == 0) {
        if (found == calendars_.end() || found->second.back().is_deleted)
            co_return fail(errc::not_found, fmt::format("calendar \"{}\" is not known", code));
        co_return found->second.back();
    }
    if (found == calendars_.end() || version < 1 || std::size_t(version) > found->second.size())
        co_return fail(errc::not_found, fmt::format("calendar \"{}\" has no version {}", code, version));
    co_return found->second[std::size_t(version) - 1];
}

task<result<stored_calendar>> store::put_calendar(stored_calendar added) {
    const std::scoped_lock lock{guard_};
    auto& versions = calendars_[added.code];
    if (!versions.empty() && !versions.back().is_deleted && versions.back().source == added.source)
        co_return versions.back();
    added.version = int(versions.size()) + 1;
    added.is_deleted = false;
    versions.push_back(std::move(added));
    ++schedule_revision_;
    co_return versions.back();
}

task<result<void>> store::delete_calendar(std::string code, system_time now) {
    const std::scoped_lock lock{guard_};
    const auto found = calendars_.find(code);
    if (found == calendars_.end() || found->second.back().is_deleted)
        co_return fail(errc::not_found, fmt::format("calendar \"{}\" is not known", code));
    auto last = found->second.back();
    ++last.version;
    last.is_deleted = true;
    last.is_builtin = false;
    last.updated_at = now;
    found->second.push_back(std::move(last));
    ++schedule_revision_;
    co_return result<void>{};
}

}  // namespace orchestrator::memory
