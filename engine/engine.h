// The engine of one instance: plans executions, runs their tenants, keeps its lease, and gives back what others lost.
// Everything here runs on one thread (its io_context); run_control is the door for other threads.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>

#include "engine/active_execution.h"
#include "engine/call_limits.h"
#include "engine/deadline_sweeper.h"
#include "engine/directory_snapshot.h"
#include "engine/dispatcher.h"
#include "engine/journal.h"
#include "engine/planner.h"
#include "engine/planning_queue.h"
#include "engine/reported_problem.h"
#include "engine/run_control.h"
#include "engine/scheduler.h"
#include "engine/step_call.h"
#include "engine/supervisor.h"
#include "engine/tenant_directory.h"
#include "engine/tenant_recheck.h"
#include "engine/tenant_run.h"
#include "engine/tenant_survey.h"
#include "engine/trusted_time.h"
#include "ports/clock.h"
#include "ports/history_store.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/service_settings_store.h"

namespace orchestrator {

struct engine_options {
    std::string instance_id;
    call_limits::limits calls;
    int max_active_runs = 1'024;
    int claim_batch = 256;
    planner::options planning;
    directory_snapshot::options directory;
    std::size_t longest_result = 16 << 10;  // bytes of a step's answer that are stored
    milliseconds heartbeat{5'000};
    milliseconds lease{30'000};  // heartbeat < lease / 3
    std::chrono::seconds longest_execution{86'400};
    milliseconds survey_interval{900'000};  // how often the tenants' clocks are looked at, if a schedule follows them
    std::chrono::days history_kept{90};
};

struct engine_ports {
    executor where;
    clock& time;  // that shows the trusted time
    trusted_time& trusted;
    random_source& random;
    http_client& http;
    execution_store& executions;
    run_store& runs;
    workflow_store& workflows;
    schedule_store& schedules;
    calendar_store& calendars;
    backfill_store& backfills;
    history_store& history;
    service_settings_store& service_settings;
    zone_source& zones;
    result_cache* cache = nullptr;  // nullptr: steps are called each time
    // The epoch under which this instance leads at this moment; nullopt: it does not, and starts nothing by itself.
    std::function<std::optional<std::int64_t>()> epoch;
};

class engine final : public run_control {
  public:
    // `services` must hold "tenant". It and the ports outlive the engine.
    engine(engine_options, engine_ports, const service_directory& services);

    // Takes up what was left open, then works until stop.
    void start();
    // Starts no step any more; steps under way may end until `deadline`, then their calls are cut and made again
    // elsewhere. Returns when everything is recorded and the claims are given back.
    task<> stop(steady_time deadline);
    // As if the process were killed: nobody is woken, nothing is given back. For simulation.
    void abandon() { limits_.abandon(); }

    // This instance leads from now on, or no longer. From any thread.
    void leadership_changed(bool leads);
    void execution_opened(execution_id) override;
    void cancel_requested(execution_id) override;
    void schedules_changed() override;
    [[nodiscard]] engine_health health() const override;
    [[nodiscard]] std::vector<service_view> services() const override { return limits_.services(); }
    // Has all been possible lately that a heartbeat does, and does the scheduler go on? It takes this thread, and the
    // store's reading and writing.
    // From any thread.
    [[nodiscard]] bool gets_things_done() const;

  private:
    task<> keep_lease();
    task<> forget_last_life();
    task<> follow_service_settings();
    task<bool> renew_lease();
    task<> stay_leased();
    task<> give_claims_back();
    task<> give_way(steady_time lease_over_at);
    task<> look_around();
    task<bool> take_up_lost_runs(system_time now);
    task<> abandon_runs();
    task<> complete_cancellation(execution_id);
    task<> look_for_executions();
    task<> plan(execution_id);
    task<> leave_planning(execution_id, std::string why);
    task<> survey_tenants();
    task<> keep_history();
    task<std::optional<system_time>> history_time();
    task<> archive_runs();
    task<> finish(execution_id);
    void spawn(task<> work);
    [[nodiscard]] std::optional<milliseconds> stuck_for() const;
    [[nodiscard]] std::vector<health_problem> problems() const;
    [[nodiscard]] bool idle() const {
        return dispatcher_.active_runs() == 0 && working_ == 0 && limits_.in_flight() == 0;
    }

    engine_options options_;
    engine_ports ports_;
    std::atomic<bool> draining_ = false;  // written on the engine's thread, read by the health check
    bool has_forgotten_ = false;          // what was claimed in a life before this one
    call_limits limits_;                  // outlives all that holds a place
    active_executions executions_;
    journal journal_;
    step_caller caller_;
    tenant_directory directory_;
    directory_snapshot tenants_;
    tenant_recheck recheck_;
    store_watch watch_{ports_.time};
    run_environment environment_;
    dispatcher dispatcher_;
    planner planner_;
    planning_queue planning_;
    scheduler scheduler_;
    supervisor supervisor_;
    tenant_survey survey_;
    deadline_sweeper sweeper_;
    wake_signal heartbeat_;
    bool had_lease_ = false;
    steady_time lease_ends_at_{};
    steady_time leaves_others_until_{};  // what they may still come back for is not taken from them
    std::atomic<steady_time::rep> looked_around_at_;
    std::atomic<bool> is_displaced_ = false;  // another process runs under our name
    int looking_ = 0;                         // coroutines that look around: one at most
    reported_problem lease_problem_;
    std::optional<steady_time> surveyed_at_;
    std::optional<steady_time> history_kept_at_;
    std::optional<steady_time> history_aged_at_;
    reported_problem history_problem_;
    int keeping_history_ = 0;  // coroutines that do; one at most goes on
    int archiving_ = 0;        // likewise
    std::stop_source stop_survey_;
    std::atomic<std::int64_t> refused_surveys_ = 0;
    std::set<execution_id> cancelled_;  // whose runs are being ended at this moment
    std::set<execution_id> finishing_;  // those that wait for the store
    int working_ = 0;                   // coroutines that `spawn` started and that have not ended
};

}  // namespace orchestrator
