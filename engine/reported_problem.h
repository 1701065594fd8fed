// A problem that lasts: told once when it comes, once when it goes, and shown to who asks meanwhile from another
// thread.
#pragma once

#include <mutex>
#include <optional>

#include "domain/error.h"

namespace orchestrator {

class reported_problem {
  public:
    // nullopt: all is well. True: that is news.
    bool report(std::optional<error> problem) {
        const std::scoped_lock lock{guard_};
        if (problem.has_value() == problem_.has_value() && (!problem || problem->message == problem_->message))
            return false;
        problem_ = std::move(problem);
        return true;
    }

    [[nodiscard]] std::optional<error> now() const {
        const std::scoped_lock lock{guard_};
        return problem_;
    }

  private:
    mutable std::mutex guard_;
    std::optional<error> problem_;
};

}  // namespace orchestrator
