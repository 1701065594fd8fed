// A workflow as data: a graph of HTTP steps, run once for each tenant.
//
// Read from JSON with every broken rule reported at once. `definition` is what an execution snapshots: later changes
// of the workflow do not touch runs under way.
#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/identifiers.h"
#include "domain/retry/retry_policy.h"
#include "domain/schedule/schedule.h"
#include "domain/time.h"
#include "domain/workflow/step_set.h"
#include "domain/workflow/template.h"

namespace orchestrator {

// When may a step start? (Terms of Apache Airflow.)
enum class trigger_rule {
    all_success,  // every step it depends on has completed; otherwise it is skipped
    all_done,     // every step it depends on has ended, however
};

[[nodiscard]] std::string_view to_string(trigger_rule);

struct step_definition {
    std::string name;
    std::string service;
    std::string method;  // GET, POST, PUT, PATCH or DELETE
    compiled_template path;
    compiled_template body;  // empty: no body
    compiled_template message;
    step_set depends_on;
    trigger_rule rule = trigger_rule::all_success;
    bool critical = true;           // a step that is not critical does not fail its tenant
    milliseconds timeout{300'000};  // of one attempt, from waiting for a connection to the last byte
    retry_policy retry;
    // How long a result may be used again for the same tenant and input; 0: not at all.
    std::chrono::seconds cache_ttl{0};
};

struct workflow_definition {
    std::string workflow_name;
    std::chrono::seconds max_execution_time{3'600};
    std::vector<step_definition> steps;
    std::vector<std::string> step_names;  // by index, for templates
    step_set results_read;                // the steps whose results some later template needs
    schedule when;                        // as it was when the execution was opened
    std::string source;                   // the JSON that it was read from; what an execution stores

    [[nodiscard]] step_set all_steps() const { return step_set::first(steps.size()); }
};

// The steps that a retry runs: all that did not complete, and everything after them, since it saw the old results.
[[nodiscard]] step_set steps_to_rerun(const workflow_definition&, step_set completed);

// The lane (domain/execution/lane.h) of a run that waits to call these steps.
[[nodiscard]] std::string lane_of(const workflow_definition&, step_set);

// The lane of a run of which these steps are completed.
[[nodiscard]] std::string next_service(const workflow_definition&, step_set completed);

// A row of orchestrator_workflows.
struct workflow {
    workflow_id id;
    std::string workflow_name;
    std::string workflow_type = "on_demand";  // daily, weekly, monthly, on_demand
    std::string description;
    bool is_enabled = true;
    int max_execution_time_seconds = 3'600;
    int max_retries = 3;
    int retry_delay_seconds = 300;
    std::string steps;  // JSON text, as it was written
    schedule when;      // when it runs by itself

    // Kept by the store, not written by people.
    std::int64_t schedule_version = 0;         // grows with each change of `when`
    std::optional<system_time> decided_until;  // every occurrence up to here is decided; nullopt: none ever was
    std::optional<system_time> next_execution_at;
    std::string schedule_problem;     // why nothing can be decided at present; empty: all is well
    std::string unreadable_schedule;  // what is wrong with `when` as it is stored; empty: nothing
    std::optional<system_time> last_execution_at;
    std::optional<system_time> last_success_at;
    std::optional<system_time> last_failure_at;
    int consecutive_failures = 0;
    system_time created_at;
    system_time updated_at;
};

// What a definition is checked against beyond its own form.
struct workflow_rules {
    std::optional<std::set<std::string, std::less<>>> services;  // nullopt: any name
    int longest_execution_seconds = 86'400;
    std::string default_timezone{orchestrator::default_timezone};
};

// Reads a workflow as people write it (the API's request body, a file for `workflow apply`).
[[nodiscard]] std::expected<workflow, std::vector<violation>> parse_workflow(const boost::json::value&,
                                                                             const workflow_rules&);

// Compiles what a workflow runs. Its parts were checked by parse_workflow; what is refused here was stored by hand.
[[nodiscard]] std::expected<workflow_definition, std::vector<violation>> compile_workflow(const workflow&);

// Reads the snapshot that an execution stored (workflow_definition::source), to run it: a step that holds anything that
// this version does not know is refused, as what it would do without may be wrong.
[[nodiscard]] std::expected<workflow_definition, std::vector<violation>> parse_definition(std::string_view source);
// Says so.
[[nodiscard]] std::string unreadable_definition_message(const std::vector<violation>&);
// The names of its steps, to show it, whatever else it holds. A step that has none, or is none, is "step_" and its
// index.
[[nodiscard]] std::vector<std::string> step_names_of(std::string_view source);

}  // namespace orchestrator
