// Opens the executions of backfills, as many at once as each allows: for occurrences of the past that somebody wants
// made up for. Their tenant runs stand behind all others (domain/fairness). Only a leader does it.
#pragma once

#include <vector>

#include "ports/backfill_store.h"
#include "ports/clock.h"
#include "ports/random.h"

namespace orchestrator {

class backfiller {
  public:
    struct options {
        std::string instance_id;
        std::chrono::seconds longest_execution{86'400};
    };

    backfiller(options, backfill_store&, clock&, random_source&);

    // What has room now. The error is the store's: nothing was opened, or it is known by the next look.
    task<result<std::vector<execution_id>>> open_next(std::int64_t epoch);
    // Is any of them still to be continued, as far as the last look could tell?
    [[nodiscard]] bool go_on() const { return go_on_; }

  private:
    execution open(const backfill&, system_time scheduled_for);

    options options_;
    backfill_store& store_;
    clock& time_;
    random_source& random_;
    bool go_on_ = false;
};

}  // namespace orchestrator
