#include "engine/supervisor.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace orchestrator {
namespace {

constexpr milliseconds pause_before_restart{1'000};
constexpr std::chrono::minutes told_for{1};
constexpr std::chrono::seconds hangs_after{10};
constexpr std::chrono::minutes fails_after{1};
constexpr int breaks_in_a_row = 3;

}  // namespace

task<> supervisor::keep(loop kept) {
    {
        const std::scoped_lock lock{guard_};
        loops_[kept.name].sleeps_in = &kept.sleeps_in;
    }
    for (;;) {
        try {
            co_await kept.run();
            break;
        } catch (const std::exception& e) {
            note(kept.name, e.what());
        }
        if (draining_) break;
        co_await time_.sleep_until(time_.steady_now() + pause_before_restart);
        if (draining_) break;
        kept.on_restart();
    }
    const std::scoped_lock lock{guard_};
    loops_[kept.name].sleeps_in = nullptr;
}

void supervisor::note(const std::string& name, std::string why) {
    const auto now = time_.steady_now();
    const std::scoped_lock lock{guard_};
    auto& known = loops_.at(name);
    if (known.why != why) spdlog::error("the {} broke off and begins again: {}", name, why);
    known.in_a_row = known.times > 0 && now - known.at < told_for ? known.in_a_row + 1 : 1;
    ++known.times;
    known.why = std::move(why);
    known.at = now;
}

steady_duration supervisor::busy_for(const record& of, steady_time now) const {
    const auto since = of.sleeps_in ? of.sleeps_in->busy_since() : std::nullopt;
    return since ? now - *since : steady_duration{};
}

std::vector<health_problem> supervisor::problems() const {
    const auto now = time_.steady_now();
    std::vector<health_problem> all;
    const std::scoped_lock lock{guard_};
    for (const auto& [name, each] : loops_) {
        if (each.times > 0 && now - each.at < told_for)
            all.push_back({"loop", name,
                           fmt::format("the {} broke off, {} times since the start, and began again: {}", name,
                                       each.times, each.why)});
        else if (const auto busy = busy_for(each, now); busy >= hangs_after)
            all.push_back({"loop", name,
                           fmt::format("the {} has been waiting for the same answer for {} s", name,
                                       std::chrono::duration_cast<std::chrono::seconds>(busy).count())});
    }
    return all;
}

bool supervisor::is_failing(const std::string& name) const {
    const auto now = time_.steady_now();
    const std::scoped_lock lock{guard_};
    const auto found = loops_.find(name);
    if (found == loops_.end()) return false;
    const auto& of = found->second;
    return (of.in_a_row >= breaks_in_a_row && now - of.at < told_for) || busy_for(of, now) >= fails_after;
}

}  // namespace orchestrator
