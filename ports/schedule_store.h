// What is decided about schedules, durably: an occurrence becomes one execution, or is noted as missed. Safe to call
// from any thread's coroutine; each call is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/execution/execution.h"
#include "domain/schedule/schedule.h"
#include "domain/workflow/workflow.h"
#include "ports/task.h"

namespace orchestrator {

struct occurrence_start {
    execution opened;  // with scheduled_for
    overlap_policy overlap = overlap_policy::skip;
    // The clocks and calendars that it is due on; empty: one for all. Executions overlap when they share one.
    std::vector<std::string> tenant_groups;
};

struct occurrence_miss {
    system_time scheduled_for;
    std::string reason;
};

// All that was decided about one workflow at one time.
struct schedule_decision {
    workflow_id workflow;
    std::int64_t schedule_version = 0;  // of the schedule that it was decided from
    system_time decided_until;
    // Set: a clock that was wrong has decided beyond this time. Nothing of that holds but what was started.
    std::optional<system_time> heals_to{};
    std::optional<system_time> next_execution_at;
    std::string problem;                  // why nothing could be decided; empty: all is well
    std::vector<occurrence_start> start;  // in order
    std::vector<occurrence_miss> missed;
};

struct decision_receipt {
    std::vector<execution_id> opened;
    std::vector<workflow_id> stale;    // the schedule was changed meanwhile, or is gone: nothing of it was kept
    std::vector<workflow_id> blocked;  // overlap_policy queue: from that occurrence on nothing of it was kept
};

enum class occurrence_outcome { started, missed, overlapped };
[[nodiscard]] std::string_view to_string(occurrence_outcome);
[[nodiscard]] std::optional<occurrence_outcome> parse_occurrence_outcome(std::string_view);

// A row of orchestrator_schedule_occurrences.
struct decided_occurrence {
    system_time scheduled_for;
    occurrence_outcome outcome = occurrence_outcome::started;
    std::string reason;                     // of a miss
    std::optional<execution_id> execution;  // that it started, or would have overlapped
    system_time decided_at;

    bool operator==(const decided_occurrence&) const = default;
};

// A row of orchestrator_schedule_versions.
struct schedule_version {
    std::int64_t version = 0;
    std::string schedule;  // JSON, all fields
    system_time changed_at;

    bool operator==(const schedule_version&) const = default;
};

// Tenants who share a clock and a calendar.
struct tenant_group {
    std::string timezone;
    std::string calendar;  // empty: none is known for them
    std::int64_t tenants = 0;

    auto operator<=>(const tenant_group&) const = default;
};

class schedule_store {
  public:
    virtual ~schedule_store() = default;

    // Grows with each change of a workflow, a calendar or the tenants' groups.
    virtual task<result<std::int64_t>> schedule_revision() = 0;
    // Keeps each decision whole, if its schedule is still the one that it was decided from. An occurrence that is
    // decided already stays as it was; one whose overlap policy forbids it is noted as overlapped. The decisions
    // outlive the call. `epoch`: the leader's (ports/leader_store.h). superseded.
    virtual task<result<decision_receipt>> decide(const std::vector<schedule_decision>&, std::int64_t epoch,
                                                  system_time now) = 0;

    // By scheduled_for, ascending; `until` is exclusive.
    virtual task<result<std::vector<decided_occurrence>>> list_occurrences(workflow_id, system_time from,
                                                                           system_time until, int limit) = 0;
    // By version, ascending.
    virtual task<result<std::vector<schedule_version>>> list_schedule_versions(workflow_id) = 0;
    // When the latest execution that a schedule started ended, `now` while it is under way; nullopt: there is none.
    virtual task<result<std::optional<system_time>>> busy_until(workflow_id, system_time now) = 0;
    // How long the latest executions took that did something for somebody: scheduled ones, newest first.
    virtual task<result<std::vector<milliseconds>>> past_durations(workflow_id, int most) = 0;

    // By timezone, then calendar.
    virtual task<result<std::vector<tenant_group>>> list_tenant_groups() = 0;
    // superseded.
    virtual task<result<void>> replace_tenant_groups(std::vector<tenant_group>, std::int64_t epoch) = 0;
};

}  // namespace orchestrator
