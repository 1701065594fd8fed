// The memory store behind a wire: each call takes a moment before it is done and another before its answer arrives, so
// that a crash may fall on either side of the commit; and in bad weather it fails for a while, as a full disk does.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/memory/store.h"
#include "tests/simulation/world/draws.h"
#include "tests/simulation/world/simulated_clock.h"
#include "tests/simulation/world/witness.h"

namespace orchestrator::simulation {

// Shared by all instances, and changed by the world.
struct store_weather {
    std::optional<errc> fault{};    // every write fails with it, with store_unavailable every read, too
    milliseconds slowest{3};        // a call takes at most twice as long
    std::string deaf{};             // an instance for which all fails but what renews its leases; empty: none
    std::set<std::string> older{};  // instances of a version that cannot read what the others write
    int failed_calls = 0;
    std::int64_t calls = 0;  // of every kind, by all instances
    int lead_claims = 0;
    double lost_receipts = 0;   // probability that a commit is done and its answer lost
    double foreign_errors = 0;  // probability that a call throws instead of failing
    std::function<std::optional<errc>(execution_id)> fault_of{};  // of reading one execution
    bool has_clock = true;  // as a server has; without one, each instance goes by its machine's
    milliseconds clock_wrong_by{0};
    bool holds_ascii_only = false;  // a database of another encoding: it refuses an outcome with other characters
};

class simulated_store final : public stores {
  public:
    simulated_store(memory::store& inner, simulated_clock& time, store_weather& weather, witness& seen_by,
                    std::string instance, std::uint64_t seed)
        : inner_{inner},
          time_{time},
          weather_{weather},
          witness_{seen_by},
          instance_{std::move(instance)},
          draws_{seed} {}

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

    // Calls that were sent and not answered.
    [[nodiscard]] int pending() const { return pending_; }

  private:
    enum class access { reads, writes, leases };

    // `call` is no coroutine: it makes the inner store's, and this one keeps what it captured.
    template <class T, class Call>
    task<result<T>> over_the_wire(access kind, Call call);
    task<> travel();
    [[nodiscard]] auto sent() {
        ++pending_;
        ++weather_.calls;
        return std::unique_ptr<int, void (*)(int*)>{&pending_, [](int* pending) { --*pending; }};
    }
    [[nodiscard]] std::optional<error> fault(access);
    [[nodiscard]] system_time by_clock(system_time theirs) const {
        return weather_.has_clock ? time_.true_now() + weather_.clock_wrong_by : theirs;
    }

    memory::store& inner_;
    simulated_clock& time_;
    store_weather& weather_;
    witness& witness_;
    std::string instance_;
    draws draws_;
    int pending_ = 0;
};

}  // namespace orchestrator::simulation
