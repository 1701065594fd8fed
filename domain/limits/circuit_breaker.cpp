#include "domain/limits/circuit_breaker.h"

#include <algorithm>

#include "domain/retry/exponential_backoff.h"

namespace orchestrator {
namespace {

constexpr int fewest_calls = 20;
constexpr int unreachable_to_open = 5;
constexpr milliseconds first_opening{1'000};
constexpr milliseconds longest_opening{60'000};
constexpr double jitter_share = 0.1;
// A probe that has not ended by then counts as lost: another one may try. Its answer counts all the same if it comes.
constexpr milliseconds first_probe_patience{5'000};
constexpr milliseconds longest_probe_patience{30'000};
constexpr int decisive_probes = 2;

}  // namespace

std::string_view to_string(breaker_state state) {
    switch (state) {
        case breaker_state::closed:
            return "closed";
        case breaker_state::open:
            return "open";
        case breaker_state::half_open:
            return "half_open";
    }
    return "closed";
}

breaker_state circuit_breaker::state(steady_time now) const {
    if (!open_until_) return breaker_state::closed;
    return now < *open_until_ ? breaker_state::open : breaker_state::half_open;
}

int circuit_breaker::probes_under_way(steady_time now) const {
    return int(std::ranges::count_if(probes_, [&](const auto& began) { return began && now - *began < patience(); }));
}

milliseconds circuit_breaker::patience() const {
    return exponential_backoff(first_probe_patience, 1 + probes_late_ / int(probes_.size()), longest_probe_patience);
}

bool circuit_breaker::may_start(steady_time now) const {
    switch (state(now)) {
        case breaker_state::closed:
            return true;
        case breaker_state::open:
            return false;
        case breaker_state::half_open:
            break;
    }
    return probes_under_way(now) < int(probes_.size());
}

circuit_breaker::pass circuit_breaker::start(steady_time now) {
    if (state(now) == breaker_state::closed) return {.round = round_, .is_probe = false};
    const auto slot =
        std::ranges::find_if(probes_, [&](const auto& began) { return !began || now - *began >= patience(); });
    if (slot != probes_.end()) {
        probes_late_ += slot->has_value();
        *slot = now;
    }
    return {.round = round_, .is_probe = true};
}

void circuit_breaker::end(pass ended, call_health health, steady_time now, double jitter) {
    if (ended.round != round_) return;
    if (ended.is_probe) {
        // Which of them it was does not matter: one is under way less.
        if (const auto slot = std::ranges::max_element(probes_); *slot) slot->reset();
        if (health == call_health::unknown) return;
        health == call_health::well ? ++probes_well_ : ++probes_failed_;
        if (probes_well_ >= decisive_probes) return close();
        if (probes_failed_ >= decisive_probes) open(now, jitter);
        return;
    }
    if (health == call_health::unknown) return;
    auto& current = calls_.at(now);
    ++current.all;
    current.failed += health != call_health::well;
    unreachable_in_a_row_ = health == call_health::unreachable ? unreachable_in_a_row_ + 1 : 0;
    if (health == call_health::well) return;
    const auto calls = recent(now);
    const bool fails = calls.all >= fewest_calls && 2 * calls.failed >= calls.all;
    if (fails || unreachable_in_a_row_ >= unreachable_to_open) open(now, jitter);
}

std::optional<steady_time> circuit_breaker::next_change(steady_time now) const {
    if (may_start(now)) return std::nullopt;
    if (now < *open_until_) return open_until_;
    auto earliest = steady_time::max();
    for (const auto& began : probes_)
        if (began) earliest = std::min<steady_time>(earliest, *began + patience());
    return earliest;
}

void circuit_breaker::open(steady_time now, double jitter) {
    ++round_;
    ++openings_;
    const auto wait = exponential_backoff(first_opening, openings_, longest_opening);
    const auto spread = milliseconds{std::int64_t(double(wait.count()) * jitter_share * jitter)};
    open_until_ = now + std::min(wait + spread, longest_opening);
    if (!open_since_) open_since_ = now;
    probes_ = {};
    probes_late_ = probes_well_ = probes_failed_ = 0;
}

void circuit_breaker::close() {
    ++round_;
    openings_ = 0;
    open_until_.reset();
    open_since_.reset();
    calls_.clear();
    unreachable_in_a_row_ = 0;
}

}  // namespace orchestrator
