// Claims, leases and the journal of the memory store.
#include <algorithm>

#include "adapters/memory/store.h"
#include "domain/execution/lane.h"

namespace orchestrator::memory {
void store::enqueue(const kept_run& run) {
    auto& into = lanes_[run.next_service];
    if (run.view.not_before)
        into.parked.emplace(*run.view.not_before, run.view.id);
    else
        into.in_turn.emplace(run.fair_rank, run.view.id);
}

void store::dequeue(const kept_run& run) {
    const auto from = lanes_.find(run.next_service);
    if (run.view.not_before)
        from->second.parked.erase({*run.view.not_before, run.view.id});
    else
        from->second.in_turn.erase({run.fair_rank, run.view.id});
    if (from->second.parked.empty() && from->second.in_turn.empty()) lanes_.erase(from);
}

// Runs whose wait is over have waited for their turn already: they go first. nullptr: there is none.
store::kept_run* store::next_claimable(system_time now, const std::vector<std::string>& closed_services) {
    std::optional<std::pair<system_time, run_id>> due;
    std::optional<std::pair<std::int64_t, run_id>> in_turn;
    for (const auto& [name, lane] : lanes_) {
        if (is_closed_lane(name, closed_services)) continue;
        if (!lane.parked.empty() && lane.parked.begin()->first <= now && (!due || *lane.parked.begin() < *due))
            due = *lane.parked.begin();
        if (!lane.in_turn.empty() && (!in_turn || *lane.in_turn.begin() < *in_turn)) in_turn = *lane.in_turn.begin();
    }
    if (due) return &runs_.at(due->second);
    return in_turn ? &runs_.at(in_turn->second) : nullptr;
}

task<result<std::vector<claimed_run>>> store::claim_runs(std::string instance_id, int limit, system_time now,
                                                         std::vector<std::string> closed_services) {
    const std::scoped_lock lock{guard_};
    std::vector<claimed_run> claimed;
    if (!leases_.contains(instance_id)) co_return claimed;
    while (claimed.size() < std::size_t(limit)) {
        auto* next = next_claimable(now, closed_services);
        if (!next) break;
        auto& run = *next;
        dequeue(run);
        run.next_service.clear();
        run.view.status = run_status::running;
        run.view.not_before.reset();
        run.view.claimed_by = instance_id;
        if (!run.view.started_at) run.view.started_at = now;
        ++run.claim_token;
        claimed.push_back({.claim = {run.view.id, run.claim_token},
                           .execution = run.execution,
                           .for_tenant = {.id = run.view.tenant,
                                          .name = run.view.tenant_name,
                                          .tier = run.view.tier,
                                          .timezone = run.view.timezone},
                           .recorded = run.view.steps,
                           .waits = run.waits,
                           .cancel_requested = executions_.at(run.execution).current.cancel_requested});
    }
    co_return claimed;
}

task<result<std::int64_t>> store::count_open_runs(int most, system_time now, std::vector<std::string> closed_services) {
    const std::scoped_lock lock{guard_};
    std::int64_t open = 0;
    for (const auto& [name, lane] : lanes_) {
        if (is_closed_lane(name, closed_services)) continue;
        open += std::int64_t(lane.in_turn.size());
        open += std::ranges::count_if(lane.parked, [now](const auto& each) { return each.first <= now; });
    }
    for (const auto& [id, run] : runs_)
        if (run.view.status == run_status::running) ++open;
    co_return std::min<std::int64_t>(open, most);
}

task<result<std::optional<system_time>>> store::next_parked_run(std::vector<std::string> closed_services) {
    const std::scoped_lock lock{guard_};
    std::optional<system_time> next;
    for (const auto& [name, lane] : lanes_) {
        if (is_closed_lane(name, closed_services) || lane.parked.empty()) continue;
        next = std::min(next.value_or(system_time::max()), lane.parked.begin()->first);
    }
    co_return next;
}

bool store::holds(const run_claim& claim) const {
    const auto found = runs_.find(claim.run);
    return found != runs_.end() && found->second.claim_token == claim.token &&
           found->second.view.status == run_status::running;
}

task<result<journal_receipt>> store::commit(const std::vector<journal_entry>& entries, system_time now) {
    const std::scoped_lock lock{guard_};
    journal_receipt receipt;
    journal_delta delta;
    for (const auto& entry : entries) {
        if (holds(entry.claim))
            apply(entry, delta, now);
        else
            receipt.refused.push_back(entry.claim);
    }
    for (const auto& [id, added] : delta.executions())
        if (count(executions_.at(id), added)) receipt.drained.push_back(id);
    co_return receipt;
}

bool store::count(kept_execution& at, const journal_delta::of_execution& added) {
    auto& tenants = at.current.tenants;
    tenants.completed += added.tenants.completed;
    tenants.partial += added.tenants.partial;
    tenants.failed += added.tenants.failed;
    tenants.cancelled += added.tenants.cancelled;
    const auto add = [](step_counts& into, const step_counts& counts) {
        into.completed += counts.completed;
        into.failed += counts.failed;
        into.skipped += counts.skipped;
        into.retries += counts.retries;
    };
    add(at.current.steps, added.steps);
    for (const auto& [step, counts] : added.by_step) add(at.steps[step].counts, counts);
    for (const auto& [step, buckets] : added.latency)
        for (const auto& [bucket, count] : buckets) at.steps[step].latency.add_bucket(bucket, count);
    return at.current.planning_complete && tenants.ended() == tenants.total;
}

void store::apply(const journal_entry& entry, journal_delta& delta, system_time now) {
    auto& run = runs_.at(entry.claim.run);
    auto& steps = run.view.steps;
    for (const auto& record : entry.steps) {
        if (std::ranges::find(steps, record.step_index, &step_record::step_index) != steps.end()) continue;
        steps.insert(std::ranges::upper_bound(steps, record.step_index, {}, &step_record::step_index), record);
        delta.add_step(entry.execution, record);
    }
    for (const auto& log : entry.logs) add_log(executions_.at(entry.execution), log);
    if (!entry.outcome) return;
    end_claim(run, *entry.outcome, now);
    if (entry.outcome->release == run_release::ended) delta.add_end(entry.execution, entry.outcome->status);
}

void store::add_log(kept_execution& at, log_entry log) {
    log.sequence = ++last_log_sequence_;
    at.logs.push_back(std::move(log));
}

void store::end_run(kept_run& run, end_cause cause, journal_delta& delta, system_time now) {
    auto& steps = run.view.steps;
    const auto is_carried = [](const step_record& step) { return step.carried_over; };
    const auto is_success = [](const step_record& step) {
        return !step.carried_over && step.status == step_status::completed;
    };
    const auto status = cause == end_cause::cancellation         ? run_status::cancelled
                        : std::ranges::any_of(steps, is_success) ? run_status::partial
                                                                 : run_status::failed;
    const auto step_count = run.steps_total + int(std::ranges::count_if(steps, is_carried));
    for (int index = 0; index < step_count; ++index) {
        const auto at = std::ranges::lower_bound(steps, index, {}, &step_record::step_index);
        if (at != steps.end() && at->step_index == index) continue;
        auto skipped = skipped_step(cause, now);
        if (const auto words = words_before_service(cause); !words.empty() && !run.next_service.empty())
            skipped.error_message.append(words).append(run.next_service);
        skipped.run = run.view.id;
        skipped.step_index = index;
        delta.add_step(run.execution, skipped);
        steps.insert(at, std::move(skipped));
    }
    ++run.claim_token;
    run.view.not_before.reset();
    end_claim(run, {.release = run_release::ended, .status = status, .not_before = {}, .waits = {}}, now);
    delta.add_end(run.execution, status);
}

void store::end_claim(kept_run& run, const run_outcome& outcome, system_time now) {
    if (outcome.release == run_release::ended) {
        run.view.status = outcome.status;
        run.view.completed_at = now;
        run.waits.clear();
        return;
    }
    run.view.status = run_status::pending;
    run.view.claimed_by.clear();
    run.waits = outcome.waits;
    if (outcome.release == run_release::parked) run.view.not_before = outcome.not_before;
    run.next_service = outcome.next_service;
    enqueue(run);
}

task<result<bool>> store::renew_lease(std::string instance_id, milliseconds lease, system_time now) {
    const std::scoped_lock lock{guard_};
    co_return !leases_.insert_or_assign(instance_id, instance_lease{now + lease, now}).second;
}

task<result<std::vector<std::string>>> store::live_instances(system_time now) {
    const std::scoped_lock lock{guard_};
    std::vector<std::string> live;
    for (const auto& [instance, lease] : leases_)
        if (lease.until >= now) live.push_back(instance);
    co_return live;
}

task<result<int>> store::release_runs(std::string instance_id, std::vector<run_claim> claims) {
    const std::scoped_lock lock{guard_};
    const std::set<run_claim> meant{claims.begin(), claims.end()};
    co_return give_back_if([&](const kept_run& run) {
        return run.view.claimed_by == instance_id && meant.contains({run.view.id, run.claim_token});
    });
}

task<result<int>> store::release_unknown_runs(std::string instance_id, std::vector<run_claim> known) {
    const std::scoped_lock lock{guard_};
    const std::set<run_claim> kept{known.begin(), known.end()};
    co_return give_back_if([&](const kept_run& run) {
        return run.view.claimed_by == instance_id && !kept.contains({run.view.id, run.claim_token});
    });
}

int store::give_back_if(const std::function<bool(const kept_run&)>& is_meant) {
    int released = 0;
    for (auto& [id, run] : runs_) {
        if (run.view.status != run_status::running || !is_meant(run)) continue;
        run.view.status = run_status::pending;
        run.view.claimed_by.clear();
        enqueue(run);
        ++released;
    }
    return released;
}

int store::give_back(const std::string& instance_id) {
    leases_.erase(instance_id);
    return give_back_if([&](const kept_run& run) { return run.view.claimed_by == instance_id; });
}

task<result<int>> store::release_lost_runs(system_time now, std::string survivor) {
    const std::scoped_lock lock{guard_};
    std::vector<std::string> lost;
    // One that was renewed at a time that is still to come was given by a clock that was wrong.
    for (const auto& [instance, lease] : leases_) {
        const bool is_over = lease.until < now || lease.renewed_at > now + std::chrono::minutes{1};
        if (is_over && instance != survivor) lost.push_back(instance);
    }
    int released = 0;
    for (const auto& instance : lost) released += give_back(instance);
    co_return released;
}

task<result<void>> store::release_instance(std::string instance_id) {
    const std::scoped_lock lock{guard_};
    give_back(instance_id);
    co_return result<void>{};
}

}  // namespace orchestrator::memory
