#include "engine/leader_elector.h"

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

#include <cassert>

#include "engine/scoped_count.h"

namespace orchestrator {
namespace {

constexpr milliseconds look_at_end{5};
constexpr milliseconds look_at_fitness{1'000};
constexpr int ttls_without_question = 2;  // of the row, by who is refused outside

}  // namespace

leader_elector::leader_elector(options chosen, executor where, leader_store& store, lease* outside, clock& time,
                               store_watch& watch, std::function<void(bool)> on_change)
    : options_{std::move(chosen)},
      where_{where},
      store_{store},
      outside_{outside},
      time_{time},
      watch_{watch},
      on_change_{std::move(on_change)},
      wake_{time},
      state_{options_.terms} {
    assert(options_.terms.are_valid());
    if (outside_)
        outside_->on_resigned([this] {
            asio::post(where_, [this] {
                if (!leads()) wake_.notify();
            });
        });
}

task<> leader_elector::run() {
    while (!stopped_) {
        {
            const scoped_count asking{asking_};
            co_await ask();
        }
        tell();
        if (stopped_) break;
        // Woken at the end of what we hold, too: nobody else would say that it is over.
        auto next = state_.next_request();
        if (leads()) next = std::min(next, state_.holds_until());
        co_await wake_.wait_until(next);
        tell();
    }
}

task<> leader_elector::ask() {
    // While the database is away nobody gets anything done, and nothing can be given back.
    const bool is_unfit = !store_is_away_ && options_.is_fit && !options_.is_fit();
    if (is_unfit) co_await give_back();
    // Said afterwards: a log that cannot be written may be what keeps us from our work.
    if (is_unfit != std::exchange(is_unfit_, is_unfit))
        spdlog::warn(is_unfit ? "this instance gets nothing done, and leaves the lead to others"
                              : "this instance gets things done again, and may lead");
    if (is_unfit) co_return state_.refused(time_.steady_now(), std::min(options_.terms.heartbeat, look_at_fitness));
    const bool led = leads();
    if (!led && !co_await outside_allows()) co_return;
    asked_row_at_ = time_.steady_now();
    const auto answer = co_await store_.claim_lead({.instance_id = options_.instance_id,
                                                    .hostname = options_.hostname,
                                                    .ttl = options_.terms.ttl,
                                                    .heartbeat = options_.terms.heartbeat,
                                                    .epoch = state_.epoch(),
                                                    .is_unopposed = options_.is_unopposed},
                                                   time_.now());
    store_is_away_ = !watch_.note("ask who leads", answer);
    if (!answer) {
        state_.unanswered(time_.steady_now());
        // Others that reach the database may not ask it while we hold the lease outside.
        if (!leads()) co_await release_outside();
        co_return;
    }
    if (!answer->is_ours) {
        state_.refused(time_.steady_now(), answer->left);
        co_return co_await release_outside();
    }
    state_.granted(asked_row_at_, answer->epoch);
    if (!led) co_return;
    // The row comes first, so that what happens to the lease outside delays no renewal.
    tell();
    if (outside_) co_await take_outside();
}

// May the database be asked? When the lease outside is ours, or cannot be asked, or when it is the database that did
// not answer: who cannot lead must not hold it.
task<bool> leader_elector::outside_allows() {
    if (!outside_ || store_is_away_ || co_await take_outside()) co_return true;
    // Whoever holds it for so long may lead another installation, which uses the same Redis.
    co_return time_.steady_now() - asked_row_at_ >= options_.terms.ttl* ttls_without_question;
}

// True: it is ours, or cannot be asked.
task<bool> leader_elector::take_outside() {
    const auto answer = co_await outside_->take(options_.terms.ttl);
    if (!answer) {
        if (!std::exchange(outside_is_away_, true))
            spdlog::warn("{}; the database alone decides who leads", answer.error().message);
        co_return true;
    }
    if (std::exchange(outside_is_away_, false)) spdlog::info("the lease in Redis can be asked again");
    holds_outside_ = answer->is_held;
    if (!answer->is_held && !leads()) state_.refused(time_.steady_now(), answer->left);
    co_return answer->is_held;
}

task<> leader_elector::release_outside() {
    if (!outside_ || !std::exchange(holds_outside_, false)) co_return;
    const auto released = co_await outside_->release();
    if (!released) spdlog::debug("{}", released.error().message);
}

// What `epoch` answers from now on, to other threads. Returns whether we lead.
bool leader_elector::show() {
    const bool leading = !stopped_ && leads();
    epoch_ = state_.epoch();
    holds_until_ = leading ? state_.holds_until().time_since_epoch().count() : 0;
    return leading;
}

void leader_elector::tell() {
    const bool leading = show();
    if (std::exchange(told_, leading) == leading) return;
    if (leading)
        spdlog::info("this instance leads, epoch {}", state_.epoch());
    else
        spdlog::info("this instance leads no longer");
    on_change_(leading);
}

std::optional<std::int64_t> leader_elector::epoch(steady_time now) const {
    // In this order: a lease that was renewed meanwhile belongs to the epoch that is read after it.
    const steady_time until{steady_time::duration{holds_until_.load()}};
    if (now >= until) return std::nullopt;
    return epoch_.load();
}

task<> leader_elector::stop() {
    stopped_ = true;
    wake_.notify();
    while (asking_ > 0) co_await time_.sleep_until(time_.steady_now() + look_at_end);
    try {
        co_await give_back();
    } catch (const std::exception& e) {
        spdlog::warn("cannot give the lead back: {}", e.what());
    }
}

task<> leader_elector::give_back() {
    const bool led = leads();
    const auto epoch = state_.epoch();
    state_.resigned();
    show();
    if (!led) {
        tell();
        co_return co_await release_outside();
    }
    // The database first: who hears of it finds it free.
    const auto resigned = co_await store_.resign_lead(epoch, time_.now());
    tell();
    if (!resigned) spdlog::warn("cannot give the lead back: {}", resigned.error().message);
    if (!outside_) co_return;
    holds_outside_ = false;
    if (const auto told = co_await outside_->resign(); !told) spdlog::debug("{}", told.error().message);
}

}  // namespace orchestrator
