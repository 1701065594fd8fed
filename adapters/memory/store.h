// The stores in memory: the same promises as on a disk, for as long as the process lives. For trials, and for the
// simulation, in which it outlives the engine that crashes.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/execution/journal_delta.h"
#include "ports/stores.h"

namespace orchestrator::memory {

class store final : public stores {
  public:
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
    struct kept_workflow {
        workflow current;
        bool deleted = false;
        std::vector<schedule_version> versions;
        std::map<system_time, decided_occurrence> occurrences;
    };
    struct kept_run {
        tenant_run_view view;  // its steps by index
        execution_id execution;
        std::int64_t fair_rank = 0;
        int steps_total = 0;
        std::int64_t claim_token = 0;
        std::vector<stored_wait> waits;
        std::string next_service;  // while it is pending
    };
    // What waits for one service; '' is any.
    struct lane {
        std::set<std::pair<std::int64_t, run_id>> in_turn;  // by fair rank
        std::set<std::pair<system_time, run_id>> parked;    // by the end of the wait
    };
    struct kept_backfill {
        backfill current;
        std::map<system_time, std::optional<execution_id>> occurrences;
    };
    struct kept_execution {
        execution current;
        std::string planned_by;
        std::vector<std::string> tenant_groups;
        std::vector<run_id> runs;
        std::set<tenant_id> tenants;
        std::vector<log_entry> logs;
        std::map<int, step_summary> steps;
    };

    result<workflow> live_workflow(workflow_id) const;
    bool name_taken(const std::string& name, workflow_id except) const;
    result<kept_execution*> kept(execution_id);
    bool holds(const run_claim&) const;
    void enqueue(const kept_run&);
    void dequeue(const kept_run&);
    kept_run* next_claimable(system_time now, const std::vector<std::string>& closed_services);
    void insert_run(kept_execution&, planned_run);
    void apply(const journal_entry&, journal_delta&, system_time now);
    void end_claim(kept_run&, const run_outcome&, system_time now);
    // True: it is planned completely and has no open run any more.
    static bool count(kept_execution&, const journal_delta::of_execution&);
    void end_run(kept_run&, end_cause, journal_delta&, system_time now);
    void add_log(kept_execution&, log_entry);
    int give_back(const std::string& instance_id);
    [[nodiscard]] std::set<execution_id> needed_by_retries() const;
    int give_back_if(const std::function<bool(const kept_run&)>& is_meant);
    [[nodiscard]] bool is_superseded(std::int64_t epoch) const { return leader_ && leader_->epoch > epoch; }
    execution& insert_execution(execution);
    void restart_schedule(kept_workflow&, system_time now);
    void keep(kept_workflow&, const schedule_decision&, decision_receipt&, system_time now);
    bool start_occurrence(kept_workflow&, const occurrence_start&, decision_receipt&, system_time now);
    std::optional<execution_id> overlapped_by(workflow_id, const occurrence_start&) const;
    tracked_backfill track(const kept_backfill&) const;
    std::optional<execution_id> open_one(const backfill_start&, system_time now);

    mutable std::mutex guard_;
    std::map<workflow_id, kept_workflow> workflows_;
    std::map<execution_id, kept_execution> executions_;
    std::map<run_id, kept_run> runs_;
    std::map<std::string, lane> lanes_;
    struct instance_lease {
        system_time until;
        system_time renewed_at;
    };
    std::map<std::string, instance_lease> leases_;
    std::optional<system_time> history_aged_to_;
    std::string broker_problem_;
    std::map<workflow_id, std::set<execution_id>> scheduled_and_open_;
    std::map<std::string, std::vector<stored_calendar>> calendars_;  // every version
    std::map<backfill_id, kept_backfill> backfills_;
    std::vector<tenant_group> tenant_groups_;
    std::map<std::string, service_setting> service_settings_;
    std::optional<leader_record> leader_;
    system_time lead_until_{};
    std::map<event_id, kept_event> outbox_;
    std::map<event_id, system_time> event_not_before_;  // of those that the broker did not keep
    std::int64_t schedule_revision_ = 0;
    std::int64_t last_run_id_ = 0;
    std::int64_t last_log_sequence_ = 0;  // over all executions
};

}  // namespace orchestrator::memory
