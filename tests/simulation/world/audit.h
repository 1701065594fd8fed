// The promises of the engine, checked from outside while a world runs: it sees each call, each claim and each commit of
// every instance, and notes what must not be. The notes of everything that happens are the trace of the world.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/workflow/workflow.h"
#include "engine/call_limits.h"
#include "tests/simulation/world/simulated_clock.h"
#include "tests/simulation/world/witness.h"

namespace orchestrator::simulation {

class audit final : public witness {
  public:
    audit(const timeline& line, call_limits::limits most) : line_{line}, most_{most} {}

    // What the world does to the engine.
    void opened(const execution& shown, const workflow_definition& definition);
    void told_to_cancel(const std::string& instance, execution_id id) { cancelled_.emplace(instance, id); }
    void told_to_stop(const std::string& instance) { draining_.insert(instance); }
    void note(std::string what);
    void wrong(std::string what);
    // A misfortune has begun or ended: what is late from here on has all of its grace before it.
    void disturbed() { disturbed_at_ = std::max(disturbed_at_, line_.now()); }

    void call_began(const std::string& instance, const http_request&) override;
    void call_ended(const std::string& instance, const http_request&, const std::optional<http_result>&) override;
    void claimed(const std::string& instance, const std::vector<claimed_run>&) override;
    void committed(const std::string& instance, const std::vector<journal_entry>&, const journal_receipt&) override;
    void acknowledged(const std::string& instance, const std::vector<journal_entry>&, const journal_receipt&) override;
    void opened(const std::string& instance, const execution&) override;
    void planned(const std::string& instance, execution_id, const std::vector<planned_run>&) override;
    void swept(const std::string& instance, const run_ending&, int runs) override;
    void finished(const std::string& instance, const execution&) override;

    // The books of an execution that has ended: its counters, its runs and their steps agree with what was committed.
    void check_books(const execution&, const std::vector<tenant_run_view>&, const std::vector<step_summary>&);

    [[nodiscard]] bool has_ended(execution_id id) const { return ended_.contains(id); }
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
    [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
    // The tenants in the order in which their runs were claimed.
    [[nodiscard]] const std::vector<tenant>& claim_order() const { return claim_order_; }
    [[nodiscard]] std::size_t refused_entries() const { return refused_entries_; }
    [[nodiscard]] std::size_t commits() const { return commits_; }
    [[nodiscard]] int most_in_flight() const { return most_in_flight_; }

  private:
    using run_key = std::pair<execution_id, tenant_id>;
    struct known_step {
        std::optional<step_status> durable;
        bool carried_over = false;
    };
    struct known_run {
        std::vector<known_step> steps;
        std::string holder;  // the instance of the newest claim
        std::int64_t token = 0;
        bool ended = false;
        std::map<std::size_t, int> chargeable;  // by step: calls that ended in a way that may cost an attempt
        std::set<std::string> lost_by;          // instances that were told that their claim is lost
        // Claims that an instance believes to hold. Two at a time: it stalled, lost one and took the run up again.
        std::map<std::string, std::set<std::int64_t>> believed;
    };
    struct load {
        int total = 0;
        std::map<std::string, int> by_service;
    };

    void check_step_call(const std::string& instance, const http_request&, const std::string& key);
    void check_dependencies(const workflow_definition&, const known_run&, std::size_t step, const std::string& key);
    void charge(const http_request&, const http_result&);
    void keep(const std::string& instance, const journal_entry&);
    void check_run(execution_id, const known_run&, const tenant_run_view&, step_counts& sum);
    void check_in_time(const execution& ended);
    known_run& run_of(execution_id, tenant_id);

    const timeline& line_;
    call_limits::limits most_;
    std::map<execution_id, workflow_definition> definitions_;
    std::map<run_key, known_run> runs_;
    std::map<run_id, run_key> run_keys_;
    std::map<std::string, load> load_;
    std::set<std::pair<std::string, execution_id>> cancelled_;
    std::set<std::string> draining_;
    std::set<execution_id> ended_;
    std::set<execution_id> swept_;
    system_time disturbed_at_{};
    std::vector<tenant> claim_order_;
    std::vector<std::string> problems_;
    std::vector<std::string> trace_;
    std::size_t refused_entries_ = 0;
    std::size_t commits_ = 0;
    int most_in_flight_ = 0;
};

}  // namespace orchestrator::simulation
