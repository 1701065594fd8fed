// An execution: one run of one workflow over its tenants. The counters always add up:
// completed + failed + skipped = total for steps, and for tenants likewise once it has ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/execution/status.h"
#include "domain/identifiers.h"
#include "domain/statistics/latency_histogram.h"
#include "domain/tenancy/tenant.h"
#include "domain/time.h"

namespace orchestrator {

struct tenant_counts {
    std::int64_t total = 0;
    std::int64_t completed = 0;
    std::int64_t partial = 0;
    std::int64_t failed = 0;
    std::int64_t cancelled = 0;

    [[nodiscard]] std::int64_t ended() const { return completed + partial + failed + cancelled; }
    bool operator==(const tenant_counts&) const = default;
};

struct step_counts {
    std::int64_t total = 0;
    std::int64_t completed = 0;
    std::int64_t failed = 0;
    std::int64_t skipped = 0;
    std::int64_t retries = 0;  // attempts beyond the first, over all steps

    [[nodiscard]] std::int64_t ended() const { return completed + failed + skipped; }
    bool operator==(const step_counts&) const = default;
};

// A row of orchestrator_executions.
struct execution {
    execution_id id;
    workflow_id workflow;
    std::string workflow_name;
    std::string execution_type = "manual";  // scheduled, manual, retry
    std::optional<execution_id> retry_of;   // the execution whose failures this one runs again
    std::string idempotency_key;            // of the request that made it; empty: none
    tenant_filter filter;
    std::string definition;                    // snapshot, JSON
    std::optional<system_time> scheduled_for;  // the occurrence that it is; nullopt: somebody asked for it
    bool is_backfill = false;                  // of an occurrence that had passed: works when nothing else waits

    execution_status status = execution_status::pending;
    bool planning_complete = false;  // no tenant run is inserted any more
    bool planned_to_end = false;     // and every tenant that takes part has one
    bool cancel_requested = false;
    std::optional<system_time> cancel_requested_at;
    system_time created_at;
    std::optional<system_time> started_at;
    std::optional<system_time> completed_at;
    system_time deadline_at;    // the workflow's deadline; wins over every step's
    std::string error_message;  // why it was not planned to the end; empty otherwise
    std::string executed_by_instance;
    std::string result_summary;  // JSON, of how it ended (end_summary.h); empty before

    tenant_counts tenants;
    step_counts steps;
};

// The status of an execution all of whose tenant runs have ended: `completed` only if every tenant that takes part did.
[[nodiscard]] execution_status final_execution_status(const tenant_counts&, bool cancel_requested, bool planned_to_end);

// How one step of the workflow goes, over all tenants.
struct step_summary {
    std::string step_name;
    int step_index = 0;
    step_counts counts;
    latency_histogram latency;  // of completed and failed steps, over all their attempts
};

// A row of orchestrator_step_results: one step of one tenant has ended.
struct step_record {
    run_id run{};
    int step_index = 0;
    step_status status = step_status::completed;
    int attempts = 0;           // 0: skipped
    int http_status = 0;        // of the last attempt; 0: no answer
    bool carried_over = false;  // copied from the execution that this one retries
    system_time started_at;
    milliseconds duration{0};  // from the first attempt's start to the last one's end, waits included
    std::string result;        // JSON, bounded and redacted; empty: none
    std::string error_code;    // empty unless failed or skipped; see engine/step_call.h
    std::string error_message;
};

enum class log_level { info, warning, error };
[[nodiscard]] std::string_view to_string(log_level);
[[nodiscard]] std::optional<log_level> parse_log_level(std::string_view);

// A row of orchestrator_execution_logs.
struct log_entry {
    std::int64_t sequence = 0;  // grows; given by the store; the id of the event stream
    std::optional<tenant_id> tenant;
    std::string step_name;
    int step_index = 0;
    log_level level = log_level::info;
    std::string message;
    std::string data;  // JSON; empty: none
    system_time logged_at;
};

// A row of orchestrator_tenant_runs, as it is shown.
struct tenant_run_view {
    run_id id{};
    tenant_id tenant;
    std::string tenant_name;
    subscription_tier tier = subscription_tier::starter;
    std::string timezone;
    run_status status = run_status::pending;
    std::optional<system_time> not_before;  // while it waits for a retry
    std::optional<system_time> started_at;
    std::optional<system_time> completed_at;
    std::string claimed_by;
    std::vector<step_record> steps;  // those that have ended, by index
};

}  // namespace orchestrator
