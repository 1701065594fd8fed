#include "tests/simulation/world/simulated_clock.h"

#include <algorithm>
#include <vector>

#include "engine/wake_signal.h"

namespace orchestrator::simulation {
namespace {

const system_time start_of_time = *parse_time("2025-11-06T08:00:00Z");

}  // namespace

milliseconds timeline::elapsed() const {
    return std::chrono::floor<milliseconds>(steady_ - steady_time{std::chrono::hours{1}});
}

system_time timeline::now() const { return start_of_time + elapsed() + wall_offset_; }

std::optional<steady_time> timeline::next() const {
    if (sleepers_.empty()) return std::nullopt;
    return sleepers_.begin()->first.first;
}

void timeline::advance(steady_time until) {
    steady_ = std::max(steady_, until);
    while (!sleepers_.empty() && sleepers_.begin()->first.first <= steady_) wake(sleepers_.begin()->first);
}

void timeline::put(key at, const void* owner, resumption resume) {
    sleepers_.emplace(at, sleeper{owner, std::move(resume)});
}

void timeline::wake(key at) {
    auto woken = sleepers_.extract(at);
    if (woken) woken.mapped().resume();
}

void timeline::drop(const void* owner) {
    std::vector<resumption> dropped;
    for (auto at = sleepers_.begin(); at != sleepers_.end();) {
        if (at->second.owner == owner) {
            dropped.push_back(std::move(at->second.resume));
            at = sleepers_.erase(at);
        } else {
            ++at;
        }
    }
}

task<> simulated_clock::sleep_until(steady_time until, std::stop_token stop) {
    const auto at = line_.reserve(until);
    const std::stop_callback wake{stop, [this, at] { line_.wake(at); }};
    if (stop.stop_requested()) co_return;
    co_await suspend([this, at](timeline::resumption resume) { line_.put(at, this, std::move(resume)); });
}

}  // namespace orchestrator::simulation
