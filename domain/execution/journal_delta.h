// What a batch of outcomes adds to the counters of the executions that it touches. Summed here, so that a store
// updates each counter once for a batch and not once for each step.
#pragma once

#include <cstdint>
#include <map>

#include "domain/execution/execution.h"

namespace orchestrator {

class journal_delta {
  public:
    struct of_execution {
        tenant_counts tenants;
        step_counts steps;
        std::map<int, step_counts> by_step;
        std::map<int, std::map<int, std::int64_t>> latency;  // step index -> bucket -> count
    };

    // A step of the execution was recorded for the first time.
    void add_step(execution_id, const step_record&);
    // A tenant run of the execution has ended.
    void add_end(execution_id, run_status);

    [[nodiscard]] const std::map<execution_id, of_execution>& executions() const { return executions_; }

  private:
    std::map<execution_id, of_execution> executions_;
};

}  // namespace orchestrator
