// Turns an execution into tenant runs: reads the tenants page by page (or the failures of the execution that it
// retries), gives each its fair rank, and inserts them. Work starts with the first page.
//
// Planning may be repeated from the start after a crash: a tenant that the execution has already is left alone.
#pragma once

#include <functional>

#include "domain/fairness/fair_rank.h"
#include "engine/active_execution.h"
#include "engine/due_tenants.h"
#include "engine/tenant_directory.h"
#include "ports/execution_store.h"

namespace orchestrator {

class planner {
  public:
    struct options {
        int page_size = 500;
        std::int64_t max_tenants = 2'000'000;
        tier_weights weights;
    };

    // `on_planned`: called after each page that brought runs.
    planner(options, execution_store&, calendar_store&, zone_source&, tenant_directory&, clock&,
            std::function<void()> on_planned);

    // Plans to the end and marks planning complete. An error is the store's; the execution is then planned again later.
    task<result<void>> plan(std::shared_ptr<active_execution>, execution);

  private:
    task<result<void>> plan_tenants(const active_execution&, const execution&);
    task<result<std::unique_ptr<due_tenants>>> judge_of(const active_execution&, const execution&);
    task<result<void>> plan_failures(const active_execution&, const execution&);
    task<result<void>> insert(execution_id, std::vector<planned_run>);

    options options_;
    execution_store& store_;
    calendar_store& calendars_;
    zone_source& zones_;
    tenant_directory& directory_;
    clock& time_;
    std::function<void()> on_planned_;
};

}  // namespace orchestrator
