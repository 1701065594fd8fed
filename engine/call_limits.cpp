#include "engine/call_limits.h"

namespace orchestrator {

int call_limits::service_index(const std::string& name) {
    const auto [found, added] = indices_.try_emplace(name, static_cast<int>(services_.size()));
    if (added) services_.emplace_back();
    return found->second;
}

task<call_limits::permit> call_limits::acquire(int service) {
    auto& state = services_[std::size_t(service)];
    if (state.waiting.empty() && may_start(state)) {
        ++in_flight_;
        ++state.in_flight;
    } else {
        // Whoever resumes us has counted us already.
        co_await suspend([this, service](std::move_only_function<void()> resume) {
            services_[std::size_t(service)].waiting.push_back(std::move(resume));
        });
    }
    co_return permit{*this, service};
}

void call_limits::release(int service) {
    --in_flight_;
    --services_[std::size_t(service)].in_flight;
    if (!abandoned_) start_waiting();
}

void call_limits::start_waiting() {
    for (std::size_t looked = 0; looked < services_.size(); ++looked) {
        auto& state = services_[next_service_++ % services_.size()];
        if (state.waiting.empty() || !may_start(state)) continue;
        ++in_flight_;
        ++state.in_flight;
        auto resume = std::move(state.waiting.front());
        state.waiting.pop_front();
        resume();
        return;
    }
}

}  // namespace orchestrator
