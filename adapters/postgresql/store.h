// The stores on PostgreSQL: for many instances.
//
// Seven threads, each with its own connection: for the journal, claims, leases, all other writes, what the engine
// reads, lists for people, and the history; libpq blocks. A connection that is lost is made again at the next call;
// what was in doubt is looked up by its key.
#pragma once

#include <memory>
#include <string>

#include "domain/error.h"
#include "ports/stores.h"

namespace orchestrator::postgresql {

struct store_options {
    std::string url;  // postgresql://user@host1,host2/database?…
    milliseconds connect_timeout{5'000};
    milliseconds answer_timeout{15'000};  // of each statement
};

class store final : public stores {
  public:
    // Connects and migrates. schema_newer, store_read_only (a standby), store_unavailable.
    static result<std::unique_ptr<store>> open(const store_options&);
    ~store() override;

    // What the database is not fit for, although it works; empty: nothing.
    [[nodiscard]] std::string limitation() const;

    task<result<std::vector<workflow>>> list_workflows() override;
    task<result<workflow>> find_workflow(workflow_id) override;
    task<result<workflow>> find_workflow_by_name(std::string name) override;
    task<result<bool>> knows_workflow_name(std::string name) override;
    task<result<void>> insert_workflow(workflow) override;
    task<result<workflow>> replace_workflow(workflow) override;
    task<result<workflow>> enable_workflow(workflow_id, bool enabled, system_time now) override;
    task<result<void>> delete_workflow(workflow_id, system_time now) override;
    task<result<workflow>> restore_workflow(workflow_id, system_time now) override;

    task<result<opened_execution>> open_execution(execution) override;
    task<result<int>> insert_runs(execution_id, std::vector<planned_run>, system_time now) override;
    task<result<void>> note_planning_problem(execution_id, std::string problem) override;
    task<result<void>> complete_planning(execution_id, planning_outcome, system_time now) override;
    task<result<std::vector<execution_id>>> claim_planning(std::string instance_id, std::vector<execution_id> known,
                                                           int most) override;
    task<result<void>> leave_planning(execution_id, std::string instance_id, std::string problem) override;
    task<result<void>> request_cancel(execution_id, system_time now) override;
    task<result<int>> end_runs(run_ending, system_time now) override;
    task<result<execution>> finish_if_done(execution_id, system_time now) override;
    task<result<history_bit>> keep_history(system_time now, system_time keep_from) override;
    task<result<bool>> archive_runs(system_time ended_before) override;
    task<result<std::vector<execution>>> open_executions() override;
    task<result<std::int64_t>> lowest_waiting_rank() override;
    task<result<execution>> find_execution(execution_id) override;
    task<result<std::vector<execution>>> list_executions(execution_query) override;
    task<result<std::vector<step_summary>>> step_summaries(execution_id) override;
    task<result<std::vector<tenant_run_view>>> list_runs(execution_id, run_query) override;
    task<result<std::vector<log_entry>>> list_logs(execution_id, log_query) override;

    task<result<std::vector<claimed_run>>> claim_runs(std::string instance_id, int limit, system_time now,
                                                      std::vector<std::string> closed_services) override;
    task<result<std::int64_t>> count_open_runs(int most, system_time now,
                                               std::vector<std::string> closed_services) override;
    task<result<std::optional<system_time>>> next_parked_run(std::vector<std::string> closed_services) override;
    task<result<journal_receipt>> commit(const std::vector<journal_entry>&, system_time now) override;
    task<result<bool>> renew_lease(std::string instance_id, milliseconds lease, system_time now) override;
    task<result<int>> release_runs(std::string instance_id, std::vector<run_claim> claims) override;
    task<result<int>> release_unknown_runs(std::string instance_id, std::vector<run_claim> known) override;
    task<result<std::vector<std::string>>> live_instances(system_time now) override;
    task<result<int>> release_lost_runs(system_time now, std::string survivor) override;
    task<result<void>> release_instance(std::string instance_id) override;

    task<result<std::int64_t>> schedule_revision() override;
    task<result<decision_receipt>> decide(const std::vector<schedule_decision>&, std::int64_t epoch,
                                          system_time now) override;
    task<result<std::vector<decided_occurrence>>> list_occurrences(workflow_id, system_time from, system_time until,
                                                                   int limit) override;
    task<result<std::vector<schedule_version>>> list_schedule_versions(workflow_id) override;
    task<result<std::optional<system_time>>> busy_until(workflow_id, system_time now) override;
    task<result<std::vector<milliseconds>>> past_durations(workflow_id, int most) override;
    task<result<std::vector<tenant_group>>> list_tenant_groups() override;
    task<result<void>> replace_tenant_groups(std::vector<tenant_group>, std::int64_t epoch) override;

    task<result<std::vector<stored_calendar>>> list_calendars() override;
    task<result<stored_calendar>> find_calendar(std::string code, int version = 0) override;
    task<result<stored_calendar>> put_calendar(stored_calendar) override;
    task<result<void>> delete_calendar(std::string code, system_time now) override;

    task<result<void>> insert_backfill(backfill, std::vector<system_time> occurrences) override;
    task<result<std::vector<tracked_backfill>>> list_backfills(int limit) override;
    task<result<tracked_backfill>> find_backfill(backfill_id) override;
    task<result<tracked_backfill>> cancel_backfill(backfill_id, system_time now) override;
    task<result<std::vector<backfill_turn>>> next_of_backfills(system_time now) override;
    task<result<std::vector<execution_id>>> open_backfill_executions(std::vector<backfill_start>, std::int64_t epoch,
                                                                     system_time now) override;

    task<result<leader_answer>> claim_lead(leader_claim, system_time now) override;
    task<result<void>> resign_lead(std::int64_t epoch, system_time now) override;
    task<result<std::optional<leader_record>>> find_leader(system_time now) override;

    task<result<std::vector<service_setting>>> list_service_settings() override;
    task<result<service_setting>> change_service(service_change, system_time now) override;

    task<result<store_time>> read_clock() override;
    task<result<system_time>> age_history(system_time now, milliseconds most) override;

    task<result<std::vector<kept_event>>> unpublished_events(int limit, system_time now) override;
    task<result<void>> note_published(std::vector<event_id>, system_time now) override;
    task<result<void>> note_unpublished(std::vector<unpublished_event>) override;
    task<result<void>> note_broker_problem(std::string problem) override;
    task<result<std::vector<kept_event>>> list_events(event_query) override;

  private:
    struct state;
    explicit store(std::unique_ptr<state>);

    std::unique_ptr<state> state_;
};

}  // namespace orchestrator::postgresql
