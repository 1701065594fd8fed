#include "engine/dispatcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/fairness/fair_share.h"

namespace orchestrator {
namespace {

constexpr milliseconds pause_after_fault{1'000};
constexpr milliseconds longest_sleep{60'000};

}  // namespace

dispatcher::dispatcher(options chosen, run_store& store, active_executions& executions, run_environment& environment)
    : options_{std::move(chosen)},
      store_{store},
      executions_{executions},
      environment_{environment},
      wake_{environment.time} {}

task<> dispatcher::run() {
    while (!environment_.draining) {
        const int claimed = may_claim() ? co_await claim() : 0;
        if (claimed > 0) continue;
        co_await wake_.wait_until(co_await next_look());
    }
}

// Returns how many runs were claimed and started.
task<int> dispatcher::claim() {
    if (may_hold_others_ && !co_await release_unknown_runs()) co_return 0;
    const int allowed = co_await allowance();
    if (allowed <= 0) co_return 0;
    const auto claimed = co_await store_.claim_runs(options_.instance_id, allowed, environment_.time.now(), {});
    if (!claimed) {
        may_hold_others_ = true;
        spdlog::warn("cannot claim tenant runs: {}", claimed.error().message);
        co_await environment_.time.sleep_until(environment_.time.steady_now() + pause_after_fault);
        co_return 0;
    }
    active_runs_ += int(claimed->size());
    for (const auto& run : *claimed) known_.insert(run.claim);
    for (const auto& run : *claimed) co_await start(run);
    co_return int(claimed->size());
}

// How many to claim: while others share the work, what is missing to our share of it.
task<int> dispatcher::allowance() {
    const int most = std::min(room(), options_.claim_batch);
    look_again_at_ = -1;
    if (instances_ <= 1) co_return most;
    const auto open =
        co_await store_.count_open_runs(instances_ * options_.max_active_runs, environment_.time.now(), {});
    if (!open) co_return most;
    const auto missing = fair_share(*open, instances_) - active_runs_;
    if (missing <= 0) look_again_at_ = active_runs_ * 3 / 4;
    co_return int(std::min<std::int64_t>(most, missing));
}

// A claim whose answer was lost may have been made, and a run may have stopped without a word to the store.
task<bool> dispatcher::release_unknown_runs() {
    const auto released = co_await store_.release_unknown_runs(options_.instance_id,
                                                               std::vector<run_claim>{known_.begin(), known_.end()});
    if (!released) {
        co_await environment_.time.sleep_until(environment_.time.steady_now() + pause_after_fault);
        co_return false;
    }
    if (*released > 0) spdlog::info("{} claims that nobody here works on are given back", *released);
    may_hold_others_ = false;
    co_return true;
}

task<> dispatcher::start(claimed_run run) {
    auto execution = co_await executions_.find(run.execution);
    while (!execution && is_passing_store_fault(execution.error().code) && !environment_.draining) {
        co_await environment_.time.sleep_until(environment_.time.steady_now() + pause_after_fault);
        execution = co_await executions_.find(run.execution);
    }
    if (!execution) {
        // Nothing can be called for it now. It stays claimed until claims are looked through again, and says why.
        spdlog::error("cannot run tenant {}: {}", to_string(run.for_tenant.id), execution.error().message);
        known_.erase(run.claim);
        --active_runs_;
        co_return;
    }
    // The store gives out the runs of a cancelled execution whatever their wait; word of it may still be on its way to
    // us.
    if (run.cancel_requested) executions_.cancel(run.execution);
    if (environment_.recheck && environment_.recheck->doubts(run)) {
        asio::co_spawn(environment_.where, start_if_active(std::move(*execution), std::move(run)), asio::detached);
        co_return;
    }
    std::make_shared<tenant_run>(environment_, std::move(*execution), std::move(run))->start();
}

// Others start meanwhile.
task<> dispatcher::start_if_active(std::shared_ptr<active_execution> execution, claimed_run run) {
    const auto left_out = co_await environment_.recheck->ask(run.for_tenant.id, execution->stop.get_token());
    std::make_shared<tenant_run>(environment_, std::move(execution), std::move(run))->start(left_out);
}

task<steady_time> dispatcher::next_look() {
    const auto now = environment_.time.steady_now();
    if (!may_claim()) co_return now + longest_sleep;  // woken when there is room, or a lease
    const auto parked = co_await store_.next_parked_run({});
    if (!parked) co_return now + pause_after_fault;
    if (!*parked) co_return now + longest_sleep;
    const auto wait = std::clamp(**parked - environment_.time.now(), milliseconds{1}, longest_sleep);
    co_return now + wait;
}

void dispatcher::run_released(const run_claim& claim) {
    --active_runs_;
    known_.erase(claim);
    // Room is worth a look when a whole batch fits, or when nothing else would bring one.
    if (room() == worthwhile_room() || active_runs_ == 0 || active_runs_ <= look_again_at_ || environment_.draining)
        wake_.notify();
}

void dispatcher::lease_renewed(steady_time until) {
    const bool was_over = environment_.time.steady_now() >= leased_until_;
    leased_until_ = until;
    if (was_over) wake_.notify();
}

int dispatcher::worthwhile_room() const { return std::min(options_.claim_batch, options_.max_active_runs / 2 + 1); }

bool dispatcher::may_claim() const {
    return room() >= worthwhile_room() && environment_.time.steady_now() < leased_until_;
}

}  // namespace orchestrator
