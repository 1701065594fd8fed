// Turns an execution into tenant runs: gives each tenant that takes part its fair rank, and inserts them. Work starts
// with the first page.
//
// An execution is planned to the end when every tenant that takes part has a run. A retry runs again what failed, and
// takes in who was never planned. Planning may be repeated from the start after a crash: a tenant that the execution
// has already is left alone.
#pragma once

#include <functional>

#include "domain/fairness/fair_rank.h"
#include "engine/active_execution.h"
#include "engine/directory_snapshot.h"
#include "engine/due_tenants.h"
#include "ports/execution_store.h"

namespace orchestrator {

class planner {
  public:
    struct options {
        int runs_at_once = 1'000;             // in one insertion
        int runs_in_memory = 16'000;          // over all executions that are planned at once
        std::size_t most_asked_by_id = 64;    // of the tenants that a filter names; for more the list is read
        milliseconds snapshot_leeway{2'000};  // how much older than the execution the tenants may be
        tier_weights weights;
    };

    // `on_planned`: called after each insertion that brought runs.
    planner(options, execution_store&, calendar_store&, zone_source&, directory_snapshot&, clock&,
            std::function<void()> on_planned);

    // Plans and marks planning complete. An error is the store's; the execution is then planned again later.
    task<result<void>> plan(std::shared_ptr<active_execution>, execution);

  private:
    struct work;
    // Why tenants that take part may have no run; empty: all have one.
    using problem = std::string;

    task<result<problem>> plan_first(work&);
    task<result<problem>> plan_again(work&);
    task<result<problem>> plan_from_directory(work&);
    task<result<problem>> plan_by_id(work&, std::vector<tenant_id>);
    task<result<void>> plan_page(work&, std::vector<tenant>);
    task<result<void>> plan_failures(work&, const execution& source);
    task<result<void>> settle(work&, const execution& source);
    task<result<std::vector<execution>>> sources_of(const execution& retry);
    task<result<std::unique_ptr<due_tenants>>> judge_of(const workflow_definition&, std::optional<system_time> at);
    task<result<void>> insert(work&, std::vector<planned_run>);
    directory_snapshot::reader reader_for(const work&);

    options options_;
    execution_store& store_;
    calendar_store& calendars_;
    zone_source& zones_;
    directory_snapshot& tenants_;
    clock& time_;
    std::function<void()> on_planned_;
    int planning_ = 0;  // executions
};

}  // namespace orchestrator
