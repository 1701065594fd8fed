// What the store does not do at the moment, by what it is needed for: told once when it comes and once when it goes,
// and shown by the health check meanwhile. Each part of the engine that can go on without an answer reports here.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "domain/error.h"
#include "engine/run_control.h"
#include "ports/clock.h"

namespace orchestrator {

class store_watch {
  public:
    explicit store_watch(clock& time) : time_{time} {}

    // `what` was asked for: "claim tenant runs". There are few of them. True: it was done. An error that says nothing
    // of the store (a newer leader, say) is told and not kept.
    template <class T>
    bool note(const std::string& what, const result<T>& answer) {
        report(what, answer ? nullptr : &answer.error());
        return answer.has_value();
    }

    // What failed within the last two minutes: what was not asked again since is somebody else's, or over. From any
    // thread.
    [[nodiscard]] std::vector<health_problem> problems() const;

  private:
    void report(const std::string& what, const error* why);

    struct fault {
        std::string why;
        steady_time at;
    };

    clock& time_;
    mutable std::mutex guard_;
    std::map<std::string, fault> faults_;  // by what
};

}  // namespace orchestrator
