// Executions: opened, planned, ended, and read. Safe to call from any thread's coroutine; each call is one transaction.
// Reads do not wait for writes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/execution/execution.h"
#include "domain/execution/overdue.h"
#include "ports/task.h"

namespace orchestrator {

struct opened_execution {
    execution_id id;
    bool created;  // false: an execution with this idempotency key stood already, and this is it
};

// A tenant run to insert.
struct planned_run {
    tenant for_tenant;
    std::int64_t fair_rank = 0;
    int steps_total = 0;
    std::vector<step_record> carried_over;  // for a retry: the results that stay
    std::string next_service{};             // its lane (domain/execution/lane.h)
};

// How planning ended.
struct planning_outcome {
    bool to_end = false;          // every tenant that takes part has a run
    std::string error_message{};  // why not; empty when they have, and when the execution is being cancelled
};

struct execution_query {
    std::optional<execution_status> status;
    std::optional<workflow_id> workflow;
    std::string workflow_name;             // empty: all
    bool failures_only = false;            // failed and partial
    std::optional<execution_id> retry_of;  // of this one, at first hand
    std::optional<execution_id> before;    // cursor: the last one of the page before
    int limit = 50;
};

struct run_query {
    std::optional<run_status> status;
    bool failures_only = false;  // failed and partial
    std::optional<tenant_id> tenant;
    run_id after{};  // cursor
    int limit = 100;
    bool with_steps = true;
};

struct log_query {
    std::optional<log_level> lowest_level;
    std::optional<tenant_id> tenant;
    std::string step_name;   // empty: all
    std::int64_t after = 0;  // cursor: sequence
    int limit = 100;
};

class execution_store {
  public:
    virtual ~execution_store() = default;

    // The same idempotency key for the same workflow gives the same execution, whatever else differs.
    virtual task<result<opened_execution>> open_execution(execution) = 0;

    // Inserts those tenants that the execution does not have yet (planning may be repeated after a crash), adds to
    // the totals, and makes a pending execution running. Returns how many were new. state_conflict: it has ended.
    virtual task<result<int>> insert_runs(execution_id, std::vector<planned_run>, system_time now) = 0;
    // What planning waits for, empty when it goes on: stands in error_message until planning is over, and nothing is
    // changed after that.
    virtual task<result<void>> note_planning_problem(execution_id, std::string problem) = 0;
    // Planning is over. Only the first time counts.
    virtual task<result<void>> complete_planning(execution_id, planning_outcome, system_time now) = 0;
    // Takes up to `most` executions to plan, oldest first: those that nobody plans, whose planner has no lease any
    // more, and its own except `known`, which it is planning. None while the instance has no lease.
    virtual task<result<std::vector<execution_id>>> claim_planning(std::string instance_id,
                                                                   std::vector<execution_id> known, int most) = 0;
    // This instance cannot plan it: another may. `problem` stands in error_message as after note_planning_problem.
    // Nothing of what another instance plans, or is planned, is changed.
    virtual task<result<void>> leave_planning(execution_id, std::string instance_id, std::string problem) = 0;
    // Only says so: runs that nobody holds are ended by end_runs, and the others by who holds them. state_conflict: it
    // has ended already.
    virtual task<result<void>> request_cancel(execution_id, system_time now) = 0;
    // Ends runs without a look at the definition, bit by bit, each bit in a transaction of its own: as cancelled, or
    // else as partial when a step completed here and as failed when none did. Nothing of an execution that has ended,
    // or whose time has not come by `now` and by the clock of the store, if it has one. Returns how many.
    virtual task<result<int>> end_runs(run_ending, system_time now) = 0;
    // Ends it if planning is complete and every run has ended; returns the execution as it is then. Also keeps the
    // workflow's last_execution_at, last_success_at, last_failure_at and consecutive_failures.
    virtual task<result<execution>> finish_if_done(execution_id, system_time now) = 0;

    // Those that have not ended, oldest first.
    virtual task<result<std::vector<execution>>> open_executions() = 0;
    // The lowest fair rank that still waits, 0 when nothing does.
    virtual task<result<std::int64_t>> lowest_waiting_rank() = 0;

    // not_found.
    virtual task<result<execution>> find_execution(execution_id) = 0;
    // Newest first.
    virtual task<result<std::vector<execution>>> list_executions(execution_query) = 0;
    // By step index.
    virtual task<result<std::vector<step_summary>>> step_summaries(execution_id) = 0;
    // In the order of insertion, with the steps that have ended.
    virtual task<result<std::vector<tenant_run_view>>> list_runs(execution_id, run_query) = 0;
    // By sequence, ascending.
    virtual task<result<std::vector<log_entry>>> list_logs(execution_id, log_query) = 0;
};

}  // namespace orchestrator
