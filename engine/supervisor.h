// Keeps the loops of one thread going: one that breaks off by an exception is begun again after a pause, and the health
// check tells of it, as it does of one that hangs. Without that, an instance would look well and start nothing any
// more.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "domain/time.h"
#include "engine/run_control.h"
#include "engine/wake_signal.h"
#include "ports/clock.h"
#include "ports/task.h"

namespace orchestrator {

class supervisor {
  public:
    // Nothing is begun again while `draining`.
    supervisor(clock& time, const std::atomic<bool>& draining) : time_{time}, draining_{draining} {}

    struct loop {
        std::string name;
        std::function<task<>()> run;
        const wake_signal& sleeps_in;              // a loop that is not there for long hangs
        std::function<void()> on_restart = [] {};  // what it knew may be wrong now
    };
    // Runs the loop until it returns by itself. A supervisor keeps a few.
    task<> keep(loop);

    // Loops that broke off within the last minute, and those that hang. From any thread.
    [[nodiscard]] std::vector<health_problem> problems() const;
    // Does this loop break off again and again, or hang for over a minute? From any thread.
    [[nodiscard]] bool is_failing(const std::string& name) const;

  private:
    struct record {
        std::string why;  // it broke off the last time
        int times = 0;    // it broke off since the start
        int in_a_row = 0;
        steady_time at{};
        const wake_signal* sleeps_in = nullptr;  // nullptr: it has ended
    };

    void note(const std::string& name, std::string why);
    [[nodiscard]] steady_duration busy_for(const record&, steady_time now) const;

    clock& time_;
    const std::atomic<bool>& draining_;
    mutable std::mutex guard_;
    std::map<std::string, record> loops_;
};

}  // namespace orchestrator
