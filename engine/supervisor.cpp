#include "engine/supervisor.h"

#include <spdlog/spdlog.h>

namespace orchestrator {
namespace {

constexpr milliseconds pause_before_restart{1'000};
constexpr std::chrono::minutes told_for{1};

}  // namespace

task<> supervisor::keep(std::string name, std::function<task<>()> loop, std::function<void()> on_restart) {
    for (;;) {
        try {
            co_return co_await loop();
        } catch (const std::exception& e) {
            note(name, e.what());
        }
        if (draining_) co_return;
        co_await time_.sleep_until(time_.steady_now() + pause_before_restart);
        if (draining_) co_return;
        on_restart();
    }
}

void supervisor::note(const std::string& name, std::string why) {
    const std::scoped_lock lock{guard_};
    auto& known = broken_[name];
    if (known.why != why) spdlog::error("the {} broke off and begins again: {}", name, why);
    known = {name, std::move(why), known.times + 1, time_.steady_now()};
}

std::vector<supervisor::broken_loop> supervisor::broken() const {
    const auto now = time_.steady_now();
    const std::scoped_lock lock{guard_};
    std::vector<broken_loop> recent;
    for (const auto& [name, each] : broken_)
        if (now - each.at < told_for) recent.push_back(each);
    return recent;
}

}  // namespace orchestrator
