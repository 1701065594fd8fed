#include "domain/execution/run_state.h"

#include <algorithm>

namespace orchestrator {

run_state::run_state(const workflow_definition& definition, step_set carried_over)
    : definition_{&definition}, carried_over_{carried_over}, completed_{carried_over} {}

void run_state::restore(std::size_t step, step_status status) {
    switch (status) {
        case step_status::completed:
            completed_.insert(step);
            break;
        case step_status::failed:
            failed_.insert(step);
            break;
        case step_status::skipped:
            skipped_.insert(step);
            break;
    }
}

void run_state::restore_wait(step_wait pending) {
    if (!ended().contains(pending.step)) wait(pending);
}

int run_state::attempts(std::size_t step) const {
    const auto found = std::ranges::find(waits_, step, &step_wait::step);
    return found == waits_.end() ? 0 : found->attempts;
}

step_set run_state::ready() const {
    if (cancelled_) return {};
    const auto candidates = definition_->all_steps() - ended() - running_ - waiting_;
    step_set ready;
    for (const auto step : candidates) {
        const auto& definition = definition_->steps[step];
        const auto needed = definition.rule == trigger_rule::all_done ? ended() : completed_;
        if (needed.contains(definition.depends_on)) ready.insert(step);
    }
    return ready;
}

run_move run_state::next_move(steady_time now) const {
    if (ended() == definition_->all_steps())
        return {.start = {}, .wake_at = {}, .park_until = {}, .end = final_status()};

    auto start = ready();
    std::optional<steady_time> next_retry;
    for (const auto& pending : waits_) {
        if (!waiting_.contains(pending.step)) continue;
        if (pending.retry_at <= now)
            start.insert(pending.step);
        else if (!next_retry || pending.retry_at < *next_retry)
            next_retry = pending.retry_at;
    }
    const bool idle = start.empty() && running_.empty();
    if (idle && next_retry && *next_retry - now > longest_wait_in_place)
        return {.start = {}, .wake_at = {}, .park_until = next_retry, .end = {}};
    return {.start = start, .wake_at = next_retry, .park_until = {}, .end = {}};
}

void run_state::begin(std::size_t step) {
    waiting_.erase(step);
    running_.insert(step);
}

void run_state::withdraw(std::size_t step) {
    running_.erase(step);
    if (attempts(step) > 0) waiting_.insert(step);
}

step_set run_state::conclude(std::size_t step, step_status status) {
    running_.erase(step);
    waiting_.erase(step);
    std::erase_if(waits_, [step](const step_wait& w) { return w.step == step; });
    restore(step, status);
    return skip_unreachable();
}

void run_state::wait(step_wait pending) {
    running_.erase(pending.step);
    std::erase_if(waits_, [&](const step_wait& w) { return w.step == pending.step; });
    waits_.push_back(pending);
    waiting_.insert(pending.step);
}

step_set run_state::cancel() {
    cancelled_ = true;
    const auto never = definition_->all_steps() - ended() - running_;
    std::erase_if(waits_, [&](const step_wait& w) { return waiting_.contains(w.step); });
    waiting_ = {};
    skipped_ |= never;
    return never;
}

// A skipped step makes those after it unreachable in turn, so this goes on until nothing changes.
step_set run_state::skip_unreachable() {
    step_set newly;
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto step : definition_->all_steps() - ended() - running_ - waiting_) {
            const auto& definition = definition_->steps[step];
            if (definition.rule != trigger_rule::all_success) continue;
            if (!definition.depends_on.intersects(failed_ | skipped_)) continue;
            skipped_.insert(step);
            newly.insert(step);
            changed = true;
        }
    }
    return newly;
}

// A step that runs whatever happened before it (all_done) reports on the run; it does not rescue it.
run_status run_state::final_status() const {
    if (cancelled_) return run_status::cancelled;
    bool all = true;
    bool some = false;
    for (std::size_t i = 0; i < definition_->steps.size(); ++i) {
        const auto& step = definition_->steps[i];
        if (!step.critical) continue;
        const bool done = completed_.contains(i);
        all = all && done;
        some = some || (done && step.rule == trigger_rule::all_success);
    }
    if (all) return run_status::completed;
    return some ? run_status::partial : run_status::failed;
}

}  // namespace orchestrator
