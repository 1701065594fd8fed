#include "engine/dispatcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/fairness/fair_share.h"
#include "domain/retry/exponential_backoff.h"

namespace orchestrator {
namespace {

constexpr milliseconds after_fault{1'000};
constexpr milliseconds longest_sleep{60'000};
// What falls due within it is claimed together.
constexpr milliseconds shortest_sleep{50};
constexpr milliseconds share_kept{200};
constexpr milliseconds full_share_sleep{1'000};
constexpr milliseconds small_claim_pause{1'000};
constexpr milliseconds before_giving_back{30'000};  // what broke off here may do so again
constexpr milliseconds first_leave{30'000};
constexpr milliseconds longest_leave{300'000};
constexpr int most_tries_of_damaged = 3;
constexpr milliseconds precedence{1'000};  // of those who can read what we cannot

}  // namespace

dispatcher::dispatcher(options chosen, run_store& store, active_executions& executions, run_environment& environment)
    : options_{std::move(chosen)},
      store_{store},
      executions_{executions},
      environment_{environment},
      wake_{environment.time} {}

task<> dispatcher::run() {
    while (!environment_.draining)
        if (const auto again_at = co_await look()) co_await wake_.wait_until(*again_at);
}

// Claims and starts what there is room for. Returns until when there is nothing to look for unless we are notified;
// nullopt: there may be more.
task<std::optional<steady_time>> dispatcher::look() {
    wake_.note_progress();
    if (const auto later = not_before(environment_.time.steady_now())) co_return later;
    // What is called now could not be recorded.
    if (environment_.records.problem()) co_return environment_.time.steady_now() + after_fault;
    const auto at = environment_.time.steady_now();
    if (!untold_.empty() && at >= give_back_at_ && !co_await give_untold_back()) co_return std::nullopt;
    if (may_hold_others_ && !co_await release_unknown_runs()) co_return std::nullopt;
    const auto terms = options_.what_to_claim();
    const auto& closed = terms.closed_services;
    const int allowed = co_await allowance(terms);
    if (allowed <= 0) co_return environment_.time.steady_now() + full_share_sleep;
    claimed_at_ = environment_.time.steady_now();
    auto claimed = co_await store_.claim_runs(options_.instance_id, allowed, environment_.time.now(), closed);
    if (!environment_.watch.note("claim tenant runs", claimed)) {
        may_hold_others_ = true;
        co_await pause_after_fault();
        co_return std::nullopt;
    }
    const bool was_all = int(claimed->size()) < allowed;
    co_await start_all(std::move(*claimed));
    if (!was_all) co_return std::nullopt;
    co_return co_await next_due(closed);
}

// How many to claim: while others share the work, what is missing to our share of it.
task<int> dispatcher::allowance(const call_limits::claim_terms& terms) {
    const int most = std::min({room(), options_.claim_batch, terms.most});
    look_again_at_ = -1;
    if (instances_ <= 1) co_return most;
    if (const auto now = environment_.time.steady_now(); !share_counted_at_ || now >= *share_counted_at_ + share_kept) {
        share_counted_at_ = now;
        const auto open = co_await store_.count_open_runs(instances_ * options_.max_active_runs,
                                                          environment_.time.now(), terms.closed_services);
        if (!environment_.watch.note("count tenant runs", open)) {
            share_counted_at_.reset();
            co_return most;
        }
        share_ = fair_share(*open, instances_);
    }
    const auto missing = share_ - active_runs_;
    if (missing <= 0) look_again_at_ = active_runs_ * 3 / 4;
    co_return int(std::min<std::int64_t>(most, missing));
}

// What broke off here is taken up again, by whomever.
task<bool> dispatcher::give_untold_back() {
    const auto claims = std::exchange(untold_, {});
    const auto released = co_await store_.release_runs(options_.instance_id, claims);
    if (environment_.watch.note("give claims back", released)) co_return true;
    untold_.insert(untold_.end(), claims.begin(), claims.end());
    co_await pause_after_fault();
    co_return false;
}

// A claim whose answer was lost may have been made.
task<bool> dispatcher::release_unknown_runs() {
    const auto released = co_await store_.release_unknown_runs(options_.instance_id,
                                                               std::vector<run_claim>{known_.begin(), known_.end()});
    if (!environment_.watch.note("give claims back", released)) {
        co_await pause_after_fault();
        co_return false;
    }
    if (*released > 0) spdlog::info("{} claims that nobody here works on are given back", *released);
    may_hold_others_ = false;
    co_return true;
}

task<> dispatcher::start_all(std::vector<claimed_run> claimed) {
    active_runs_ += int(claimed.size());
    for (const auto& run : claimed) known_.insert(run.claim);
    for (auto& run : claimed) {
        const auto claim = run.claim;
        try {
            co_await start(std::move(run));
        } catch (const std::exception& e) {
            lose(claim, e.what());
        }
    }
}

// It cannot be started here, or left.
void dispatcher::lose(const run_claim& claim, std::string_view why) {
    spdlog::error("tenant run {} cannot be started: {}", std::int64_t(claim.run), why);
    run_released(claim, false);
}

// Apart from the others: it asks first.
void dispatcher::spawn(const run_claim& claim, task<> work) {
    asio::co_spawn(environment_.where, std::move(work), [this, claim](std::exception_ptr failed) {
        if (!failed) return;
        try {
            std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            lose(claim, e.what());
        }
    });
}

task<> dispatcher::start(claimed_run run) {
    auto execution = co_await executions_.find(run.execution);
    // What is damaged may be this execution alone: others must not wait for it.
    for (int tries = 1; !execution && is_store_fault(execution.error().code) && !environment_.draining; ++tries) {
        if (execution.error().code == errc::store_corrupt && tries >= most_tries_of_damaged) break;
        co_await pause_after_fault();
        execution = co_await executions_.find(run.execution);
    }
    if (!execution) {
        const auto claim = run.claim;
        co_return spawn(claim, leave(std::move(run)));
    }
    // Word of it may still be on its way to us.
    if (run.cancel_requested) executions_.cancel(run.execution);
    if (environment_.recheck && environment_.recheck->doubts(run)) {
        const auto claim = run.claim;
        co_return spawn(claim, start_if_active(std::move(*execution), std::move(run)));
    }
    std::make_shared<tenant_run>(environment_, std::move(*execution), std::move(run))->start();
}

// Others start meanwhile.
task<> dispatcher::start_if_active(std::shared_ptr<active_execution> execution, claimed_run run) {
    const auto left_out = co_await environment_.recheck->ask(run.for_tenant.id, execution->stop.get_token());
    std::make_shared<tenant_run>(environment_, std::move(execution), std::move(run))->start(left_out);
}

// Nothing can be called for it here; an instance of another version may be able to. It comes back, later and later, and
// not with others, so that it meets another claimant each time.
task<> dispatcher::leave(claimed_run run) {
    const auto attempts = int(std::min<std::int64_t>(run.claim.token, 100));
    const auto longest = exponential_backoff(first_leave, attempts, longest_leave);
    const auto pause =
        longest / 2 + milliseconds{std::int64_t(double(longest.count()) / 2 * environment_.random.uniform())};
    journal_entry entry{.claim = run.claim, .execution = run.execution, .steps = {}, .logs = {}, .outcome = {}};
    entry.outcome = {.release = run_release::parked,
                     .status = {},
                     .not_before = environment_.time.now() + pause,
                     .waits = std::move(run.waits)};
    const auto answer = co_await environment_.records.record(std::move(entry));
    run_released(run.claim, answer.what != journal::verdict::refused);
}

// When a parked run falls due. What is due already was not to be had: another instance is claiming it.
task<steady_time> dispatcher::next_due(const std::vector<std::string>& closed_services) {
    const auto parked = co_await store_.next_parked_run(closed_services);
    const auto now = environment_.time.steady_now();
    if (!environment_.watch.note("look for parked runs", parked)) co_return now + after_fault;
    if (!*parked) co_return now + longest_sleep;
    const auto wait = std::clamp(**parked - environment_.time.now(), shortest_sleep, longest_sleep);
    co_return now + wait + (executions_.unreadable().empty() ? milliseconds{0} : precedence);
}

task<> dispatcher::pause_after_fault() {
    co_await environment_.time.sleep_until(environment_.time.steady_now() + after_fault);
}

void dispatcher::run_released(const run_claim& claim, bool is_told) {
    if (known_.erase(claim) == 0) return;
    --active_runs_;
    if (!is_told) {
        if (untold_.empty()) give_back_at_ = environment_.time.steady_now() + before_giving_back;
        untold_.push_back(claim);
    }
    // Room is worth a look when a whole batch fits, when there was none, or when nothing else would bring one.
    if (room() == worthwhile_room() || room() == 1 || active_runs_ == 0 || active_runs_ <= look_again_at_ ||
        environment_.draining)
        wake_.notify();
}

void dispatcher::lease_renewed(steady_time until) {
    const bool was_over = environment_.time.steady_now() >= leased_until_;
    leased_until_ = until;
    if (was_over) wake_.notify();
}

int dispatcher::worthwhile_room() const { return std::min(options_.claim_batch, options_.max_active_runs / 2 + 1); }

// Until when nothing may be claimed; nullopt: it may be now.
std::optional<steady_time> dispatcher::not_before(steady_time now) const {
    if (room() <= 0 || now >= leased_until_) return now + longest_sleep;  // woken by room, or a lease
    if (room() >= worthwhile_room() || now >= claimed_at_ + small_claim_pause) return std::nullopt;
    return claimed_at_ + small_claim_pause;
}

}  // namespace orchestrator
