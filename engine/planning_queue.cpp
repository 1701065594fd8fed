#include "engine/planning_queue.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/scoped_count.h"

namespace orchestrator {
namespace {

constexpr std::chrono::minutes left_for{1};

}  // namespace

planning_queue::planning_queue(options chosen, execution_store& store, clock& time, store_watch& watch,
                               std::function<void(task<>)> spawn, std::function<task<>(execution_id)> plan)
    : options_{std::move(chosen)},
      store_{store},
      time_{time},
      watch_{watch},
      spawn_{std::move(spawn)},
      plan_{std::move(plan)} {}

void planning_queue::leave(execution_id id) { left_[id] = time_.steady_now() + left_for; }

void planning_queue::look() {
    look_again_ = true;
    if (!is_stopped_ && claiming_ == 0) spawn_(claim());
}

task<> planning_queue::claim() {
    if (claiming_ > 0) co_return;
    const scoped_count claiming{claiming_};
    while (look_again_ && !is_stopped_ && int(planning_.size()) < options_.at_once) {
        look_again_ = false;
        const int most = std::min(options_.at_once - int(planning_.size()), options_.claimed_at_once);
        std::vector<execution_id> known{planning_.begin(), planning_.end()};
        std::erase_if(left_, [now = time_.steady_now()](const auto& each) { return each.second <= now; });
        for (const auto& [id, until] : left_) known.push_back(id);
        const auto claimed = co_await store_.claim_planning(options_.instance_id, std::move(known), most);
        if (!watch_.note("look for executions to plan", claimed)) break;  // the heartbeat looks again
        for (const auto id : *claimed)
            if (!is_stopped_ && planning_.insert(id).second) spawn_(plan(id));
        look_again_ |= int(claimed->size()) == most;
    }
}

task<> planning_queue::plan(execution_id id) {
    try {
        co_await plan_(id);
    } catch (const std::exception& fault) {
        spdlog::error("execution {} is not planned yet: {}", to_string(id), fault.what());
    }
    const bool was_full = int(planning_.size()) >= options_.at_once;
    planning_.erase(id);
    if (was_full) look();
}

}  // namespace orchestrator
