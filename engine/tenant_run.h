// Drives one claimed tenant run from its first open step to its end.
//
// domain/execution/run_state decides; this calls the services, hands each outcome to the journal, and goes on only
// when the journal says that it is durable. A chain of steps is one coroutine; where the graph forks, each further
// branch gets its own. All of it runs on the engine's thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/execution/run_state.h"
#include "engine/active_execution.h"
#include "engine/journal.h"
#include "engine/step_call.h"
#include "engine/store_watch.h"
#include "engine/tenant_recheck.h"
#include "ports/random.h"
#include "ports/run_store.h"

namespace orchestrator {

struct run_environment {
    executor where;
    clock& time;
    random_source& random;
    step_caller& caller;
    journal& records;
    store_watch& watch;
    const std::atomic<bool>& draining;  // true: no step starts any more
    // The run's place is free. `is_told`: the store knows that the claim has ended, or has taken it away.
    std::function<void(const run_claim&, bool is_told)> on_released;
    tenant_recheck* recheck = nullptr;  // nullptr: whoever was planned runs
};

class tenant_run : public std::enable_shared_from_this<tenant_run> {
  public:
    tenant_run(run_environment&, std::shared_ptr<active_execution>, claimed_run);

    // Starts what may start; from then on the run keeps itself alive until it is released. `left_out`: why the tenant
    // takes part no longer, so that nothing is called and the run ends cancelled; empty: it does.
    void start(const std::string& left_out = {});

  private:
    struct step_memory {
        system_time started_at;  // of the first attempt
        std::string result;      // kept only if a later template reads it
        step_status status{};    // once it has ended
    };

    struct ended_step {
        step_status status{};
        std::string result;   // if a later template reads it
        journal_entry entry;  // durable before anything goes on
    };

    task<> work(std::size_t step);
    task<std::optional<step_attempt>> try_once(std::size_t step);
    task<bool> record(std::size_t step, ended_step&);
    void owe_again(journal_entry& refused, step_set anew);
    task<> put_off();
    void step_aside(std::size_t step);
    [[nodiscard]] std::optional<ended_step> settle(std::size_t step, step_attempt);
    void begin_release(run_outcome outcome);
    task<> release(run_outcome outcome);
    task<> wake(steady_time at);

    void spawn(task<> work);
    std::optional<std::size_t> advance();
    void advance_all();
    void apply_cancellation();
    void owe_skipped(step_set steps, std::string_view code, const std::string& reason);
    void owe_log(std::size_t step, log_level level, std::string message, std::string data = {});
    [[nodiscard]] journal_entry owed_entry();
    [[nodiscard]] step_record record_of(std::size_t step, step_attempt, int attempts);
    [[nodiscard]] std::optional<run_outcome> outcome_of(const run_state&, const run_move&) const;
    [[nodiscard]] run_outcome parked_outcome(const run_state&, steady_time until, std::string next_service) const;
    [[nodiscard]] run_outcome returned_outcome(std::string next_service) const;
    [[nodiscard]] system_time stored_time(steady_time at) const;
    [[nodiscard]] std::vector<stored_wait> stored_waits(const run_state&) const;
    [[nodiscard]] bool worth_waiting(std::size_t step, const step_attempt&, step_wait& wait);
    [[nodiscard]] template_context context();
    [[nodiscard]] const step_definition& definition(std::size_t step) const;
    bool gives_up();
    task<journal::answer> tell(journal_entry);
    void let_go();

    run_environment& environment_;
    std::shared_ptr<active_execution> execution_;
    claimed_run claimed_;
    run_state state_;
    std::vector<step_memory> memory_;
    std::vector<step_view> views_;
    // Goes into the next entry: what needs no commit of its own.
    std::vector<step_record> owed_steps_;
    std::vector<log_entry> owed_logs_;
    step_set skips_owed_;        // every skip that went into an entry, or will
    std::stop_source released_;  // ends our sleeps
    std::optional<std::stop_callback<std::function<void()>>> on_stop_;
    std::optional<steady_time> wake_at_;
    bool releasing_ = false;  // the end is being recorded, or the claim is lost
    bool is_told_ = false;    // the store knows that we have let go, or has taken the claim away
    bool cancellation_applied_ = false;
};

}  // namespace orchestrator
