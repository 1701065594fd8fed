// Keeps the loops of the engine going: one that breaks off by an exception is begun again after a pause, and the health
// check tells of it. Without that, an instance would look well and start nothing any more.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "domain/time.h"
#include "ports/clock.h"
#include "ports/task.h"

namespace orchestrator {

class supervisor {
  public:
    // Nothing is begun again while `draining`.
    supervisor(clock& time, const std::atomic<bool>& draining) : time_{time}, draining_{draining} {}

    // Runs `loop` until it returns by itself. `on_restart`: what it knew may be wrong now. The names of loops are few.
    task<> keep(std::string name, std::function<task<>()> loop, std::function<void()> on_restart = [] {});

    struct broken_loop {
        std::string name;
        std::string why;  // of the last time
        int times = 0;    // since the start
        steady_time at{};
    };
    // Those that broke within the last minute. From any thread.
    [[nodiscard]] std::vector<broken_loop> broken() const;

  private:
    void note(const std::string& name, std::string why);

    clock& time_;
    const std::atomic<bool>& draining_;
    mutable std::mutex guard_;
    std::map<std::string, broken_loop> broken_;
};

}  // namespace orchestrator
