#include "engine/journal.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/wake_signal.h"

namespace orchestrator {
namespace {

constexpr milliseconds first_retry_pause{50};
constexpr milliseconds longest_retry_pause{1'000};
constexpr int commit_siblings = 16;
constexpr std::size_t worthwhile_batch = 200;
constexpr milliseconds commit_delay{2};
constexpr std::chrono::minutes told_for{1};

}  // namespace

journal::journal(executor where, run_store& store, clock& time, std::function<int()> calls_in_flight,
                 std::function<void(execution_id)> on_drained)
    : where_{where},
      store_{store},
      time_{time},
      calls_in_flight_{std::move(calls_in_flight)},
      on_drained_{std::move(on_drained)} {}

// Who still waits, after a crash in simulation, holds itself through its resumption: it is let go.
journal::~journal() {
    for (auto* waiters : {&arriving_waiters_, &batch_waiters_})
        for (auto* each : *waiters) std::exchange(each->resume, nullptr);
}

task<journal::answer> journal::record(journal_entry entry) {
    waiter self;
    arriving_.push_back(std::move(entry));
    arriving_waiters_.push_back(&self);
    if (!flushing_) {
        flushing_ = true;
        asio::co_spawn(where_, flush(), asio::detached);  // it lets nothing be thrown
    }
    // A store that answers at once (in memory) may have taken it already.
    if (!self.settled)
        co_await suspend([&self](std::move_only_function<void()> resume) { self.resume = std::move(resume); });
    co_return std::move(self.told);
}

// Whatever is thrown, those who wait are answered in the end: what a batch holds is committed once more, which changes
// nothing if it was committed already.
task<> journal::flush() {
    for (bool failed = false; !arriving_.empty() || !batch_waiters_.empty();) try {
            if (std::exchange(failed, false)) co_await time_.sleep_until(time_.steady_now() + longest_retry_pause);
            co_await flush_one_batch();
        } catch (const std::exception& e) {
            failed = true;
            tell_problem(error{errc::store_unavailable, e.what(), {}});
        }
    flushing_ = false;
    tell_problem(std::nullopt);
}

task<> journal::flush_one_batch() {
    if (company_comes()) co_await time_.sleep_until(time_.steady_now() + commit_delay);
    if (batch_waiters_.empty()) take_batch();
    auto receipt = co_await commit(batch_);
    settle(receipt ? *receipt : co_await commit_one_by_one());
}

void journal::take_batch() {
    const auto size = std::min(arriving_.size(), largest_batch);
    const auto end = static_cast<std::ptrdiff_t>(size);
    batch_.assign(std::make_move_iterator(arriving_.begin()), std::make_move_iterator(arriving_.begin() + end));
    batch_waiters_.assign(arriving_waiters_.begin(), arriving_waiters_.begin() + end);
    arriving_.erase(arriving_.begin(), arriving_.begin() + end);
    arriving_waiters_.erase(arriving_waiters_.begin(), arriving_waiters_.begin() + end);
}

bool journal::company_comes() const {
    return arriving_.size() < worthwhile_batch && calls_in_flight_() >= commit_siblings;
}

// Tries until the store takes the entries, or finds fault with one of them.
task<result<journal_receipt>> journal::commit(const std::vector<journal_entry>& entries) {
    for (auto pause = first_retry_pause;; pause = std::min(pause * 2, longest_retry_pause)) {
        auto receipt = co_await commit_once(entries);
        if (receipt || receipt.error().code == errc::entry_refused) {
            tell_problem(std::nullopt);
            co_return receipt;
        }
        tell_problem(receipt.error());
        co_await time_.sleep_until(time_.steady_now() + pause);
    }
}

// Nothing behind the batch may hang because the store threw: it is tried again, and the health check says so.
task<result<journal_receipt>> journal::commit_once(const std::vector<journal_entry>& entries) {
    try {
        co_return co_await store_.commit(entries, time_.now());
    } catch (const std::exception& e) {
        co_return fail(errc::store_unavailable, e.what());
    }
}

// The store finds fault with the batch. One entry must not take the others with it: it alone is refused.
task<journal_receipt> journal::commit_one_by_one() {
    journal_receipt whole;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
        const std::vector alone{batch_[i]};
        auto receipt = co_await commit(alone);
        if (!receipt) {
            note_refusal(i, receipt.error());
            continue;
        }
        whole.refused.insert(whole.refused.end(), receipt->refused.begin(), receipt->refused.end());
        whole.drained.insert(whole.drained.end(), receipt->drained.begin(), receipt->drained.end());
    }
    co_return whole;
}

void journal::note_refusal(std::size_t of_batch, const error& why) {
    batch_waiters_[of_batch]->told = {.what = verdict::refused, .why = why.message, .entry = batch_[of_batch]};
    auto told = fmt::format("an outcome of execution {} cannot be recorded: {}", to_string(batch_[of_batch].execution),
                            why.message);
    spdlog::error("{}", told);
    const std::scoped_lock lock{guard_};
    refusal_ = std::move(told);
    refused_at_ = time_.steady_now();
}

std::optional<std::string> journal::refusal() const {
    const auto now = time_.steady_now();
    const std::scoped_lock lock{guard_};
    if (!refused_at_ || now - *refused_at_ >= told_for) return std::nullopt;
    return refusal_;
}

void journal::tell_problem(const std::optional<error>& problem) {
    if (!problem_.report(problem)) return;
    if (problem)
        spdlog::error("cannot record {} outcomes, trying again: {}", batch_.size(), problem->message);
    else
        spdlog::info("the store takes writes again");
}

void journal::settle(const journal_receipt& receipt) {
    const auto waiters = std::exchange(batch_waiters_, {});
    for (std::size_t i = 0; i < waiters.size(); ++i) {
        if (!receipt.refused.empty() && std::ranges::find(receipt.refused, batch_[i].claim) != receipt.refused.end()) {
            waiters[i]->told.what = verdict::lost;
            ++lost_;
        }
        waiters[i]->settled = true;
        if (waiters[i]->resume) waiters[i]->resume();
    }
    for (const auto& execution : receipt.drained) on_drained_(execution);
}

}  // namespace orchestrator
