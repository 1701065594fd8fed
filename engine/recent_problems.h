// What was wrong at one moment and was mended: the health check tells of it for a while, as nobody would see it else.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "domain/time.h"
#include "engine/run_control.h"

namespace orchestrator {

class recent_problems {
  public:
    // At most the latest 20 are told.
    void note(health_problem what, steady_time until) {
        const std::scoped_lock lock{guard_};
        if (noted_.size() == most_told) noted_.erase(noted_.begin());
        noted_.emplace_back(std::move(what), until);
    }

    // From any thread.
    [[nodiscard]] std::vector<health_problem> told_at(steady_time now) const {
        const std::scoped_lock lock{guard_};
        std::vector<health_problem> told;
        for (const auto& [what, until] : noted_)
            if (now < until) told.push_back(what);
        return told;
    }

  private:
    static constexpr std::size_t most_told = 20;

    mutable std::mutex guard_;
    std::vector<std::pair<health_problem, steady_time>> noted_;  // the oldest first
};

}  // namespace orchestrator
