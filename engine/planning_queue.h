// Which executions this instance plans: it takes them up in the store, a few at a time, and any instance may. Who opens
// an execution only says that there is something to plan.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "engine/store_watch.h"
#include "ports/clock.h"
#include "ports/execution_store.h"

namespace orchestrator {

class planning_queue {
  public:
    struct options {
        std::string instance_id;
        int at_once = 1'024;  // executions that it plans or whose tenants it waits for: they cost little
        int claimed_at_once = 128;
    };

    // `spawn`: runs a coroutine on the engine's thread. `plan`: plans one execution, or leaves it for a later look.
    planning_queue(options, execution_store&, clock&, store_watch&, std::function<void(task<>)> spawn,
                   std::function<task<>(execution_id)> plan);

    // There may be something to plan.
    void look();
    // It is others' to plan, for a minute: a definition that this version cannot read may be mended.
    void leave(execution_id);
    // Takes up nothing more.
    void stop() { is_stopped_ = true; }

  private:
    task<> claim();
    task<> plan(execution_id);

    options options_;
    execution_store& store_;
    clock& time_;
    store_watch& watch_;
    std::function<void(task<>)> spawn_;
    std::function<task<>(execution_id)> plan_;
    std::set<execution_id> planning_;
    std::map<execution_id, steady_time> left_;  // until then
    int claiming_ = 0;
    bool look_again_ = false;
    bool is_stopped_ = false;
};

}  // namespace orchestrator
