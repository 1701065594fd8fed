// Ends what nobody ends any more: runs of executions whose deadline has passed, or whose cancellation was requested,
// and that wait, or whose holder does not end them. Goes by time and counters (domain/execution/overdue) and reads no
// definition, so that an execution that no worker can read ends, too.
//
// The engine asks for it with its heartbeat: at once where it leads, and later where it does not. It is safe whoever
// does: what has ended stays as it is.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "domain/execution/overdue.h"
#include "engine/reported_problem.h"
#include "ports/clock.h"
#include "ports/execution_store.h"

namespace orchestrator {

class deadline_sweeper {
  public:
    // `on_swept`: all runs of it may have ended. `draining`: true: nothing new is begun.
    deadline_sweeper(end_graces graces, execution_store& store, clock& time, const std::atomic<bool>& draining,
                     std::function<void(execution_id)> on_swept)
        : graces_{graces}, store_{store}, time_{time}, draining_{draining}, on_swept_{std::move(on_swept)} {}

    [[nodiscard]] std::vector<overdue_work> find_overdue(const std::vector<execution>& open, system_time now) const;
    // One execution after the other. While it is at it, a second call does nothing.
    task<> sweep(std::vector<overdue_work>);

  private:
    task<result<void>> end(overdue_work);

    end_graces graces_;
    execution_store& store_;
    clock& time_;
    const std::atomic<bool>& draining_;
    std::function<void(execution_id)> on_swept_;
    reported_problem problem_;
    int sweeping_ = 0;
};

}  // namespace orchestrator
