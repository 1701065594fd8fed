// Rows as values, for both SQL stores: their queries name the same columns in the same order. A `Row` has integer,
// boolean, text, id, time, optional_time and is_null by column; `first` is where the value's columns begin.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "adapters/sql/row_text.h"
#include "domain/event/event.h"
#include "domain/execution/execution.h"
#include "domain/workflow/workflow.h"
#include "ports/calendar_store.h"
#include "ports/event_outbox.h"
#include "ports/execution_store.h"
#include "ports/run_store.h"
#include "ports/schedule_store.h"
#include "ports/service_settings_store.h"

namespace orchestrator::sql {

template <class Row>
workflow workflow_from(const Row& row) {
    workflow read;
    read.id = {row.id(0)};
    read.workflow_name = row.text(1);
    read.workflow_type = row.text(2);
    read.description = row.text(3);
    read.is_enabled = row.boolean(4);
    read.max_execution_time_seconds = int(row.integer(5));
    read.max_retries = int(row.integer(6));
    read.retry_delay_seconds = int(row.integer(7));
    read.steps = row.text(8);
    read.last_execution_at = row.optional_time(9);
    read.last_success_at = row.optional_time(10);
    read.last_failure_at = row.optional_time(11);
    read.consecutive_failures = int(row.integer(12));
    read.created_at = row.time(13);
    read.updated_at = row.time(14);
    read.when = schedule_from_store(row.text(15), row.text(16), row.text(17), read.unreadable_schedule);
    read.schedule_version = row.integer(18);
    read.decided_until = row.optional_time(19);
    read.next_execution_at = row.optional_time(20);
    read.schedule_problem = row.text(21);
    return read;
}

template <class Row>
execution execution_from(const Row& row) {
    execution read;
    read.id = {row.id(0)};
    read.workflow = {row.id(1)};
    read.workflow_name = row.text(2);
    read.execution_type = row.text(3);
    if (!row.is_null(4)) read.retry_of = execution_id{row.id(4)};
    read.idempotency_key = row.text(5);
    read.filter = tenant_filter_from_json(row.text(6));
    read.definition = row.text(7);
    read.status = parse_execution_status(row.text(8)).value();
    read.planning_complete = row.boolean(9);
    read.cancel_requested = row.boolean(10);
    read.created_at = row.time(11);
    read.started_at = row.optional_time(12);
    read.completed_at = row.optional_time(13);
    read.deadline_at = row.time(14);
    read.error_message = row.text(15);
    read.executed_by_instance = row.text(16);
    read.tenants = {row.integer(17), row.integer(18), row.integer(19), row.integer(20), row.integer(21)};
    read.steps = {row.integer(22), row.integer(23), row.integer(24), row.integer(25), row.integer(26)};
    read.scheduled_for = row.optional_time(27);
    read.is_backfill = row.boolean(28);
    read.result_summary = row.text(29);
    read.planned_to_end = row.boolean(30);
    read.cancel_requested_at = row.optional_time(31);
    return read;
}

template <class Row>
tenant_run_view run_from(const Row& row) {
    tenant_run_view read;
    read.id = run_id(row.integer(0));
    read.tenant = {row.id(1)};
    read.tenant_name = row.text(2);
    read.tier = parse_subscription_tier(row.text(3)).value_or(subscription_tier::starter);
    read.timezone = row.text(4);
    read.status = parse_run_status(row.text(5)).value();
    read.not_before = row.optional_time(6);
    read.started_at = row.optional_time(7);
    read.completed_at = row.optional_time(8);
    read.claimed_by = row.text(9);
    return read;
}

// From `first` on: token, execution_id, tenant_id, tenant_name,
// subscription_tier, timezone, waits.
template <class Row>
claimed_run claimed_run_from(const Row& row, run_id run, int first) {
    claimed_run claimed;
    claimed.claim = {.run = run, .token = row.integer(first)};
    claimed.execution = {row.id(first + 1)};
    claimed.for_tenant = {.id = {row.id(first + 2)},
                          .name = row.text(first + 3),
                          .tier = parse_subscription_tier(row.text(first + 4)).value_or(subscription_tier::starter),
                          .timezone = row.text(first + 5)};
    claimed.waits = stored_waits_from_json(row.text(first + 6));
    return claimed;
}

template <class Row>
step_record step_record_from(const Row& row, run_id run, int first) {
    step_record read;
    read.run = run;
    read.step_index = int(row.integer(first));
    read.status = parse_step_status(row.text(first + 1)).value();
    read.attempts = int(row.integer(first + 2));
    read.http_status = int(row.integer(first + 3));
    read.carried_over = row.boolean(first + 4);
    read.started_at = row.time(first + 5);
    read.duration = milliseconds{row.integer(first + 6)};
    read.result = row.text(first + 7);
    read.error_code = row.text(first + 8);
    read.error_message = row.text(first + 9);
    return read;
}

template <class Row>
log_entry log_entry_from(const Row& row) {
    log_entry read;
    read.sequence = row.integer(0);
    if (!row.is_null(1)) read.tenant = tenant_id{row.id(1)};
    read.step_name = row.text(2);
    read.step_index = int(row.integer(3));
    read.level = parse_log_level(row.text(4)).value();
    read.message = row.text(5);
    read.data = row.text(6);
    read.logged_at = row.time(7);
    return read;
}

template <class Row>
decided_occurrence occurrence_from(const Row& row) {
    decided_occurrence read;
    read.scheduled_for = row.time(0);
    read.outcome = parse_occurrence_outcome(row.text(1)).value();
    read.reason = row.text(2);
    if (!row.is_null(3)) read.execution = execution_id{row.id(3)};
    read.decided_at = row.time(4);
    return read;
}

template <class Row>
stored_calendar calendar_from(const Row& row) {
    return {.code = row.text(0),
            .name = row.text(1),
            .parent = row.text(2),
            .source = row.text(3),
            .version = int(row.integer(4)),
            .is_builtin = row.boolean(5),
            .is_deleted = row.boolean(6),
            .updated_at = row.time(7)};
}

template <class Row>
event event_from(const Row& row) {
    return {.id = {row.id(0)},
            .exchange = row.text(1),
            .routing_key = row.text(2),
            .event_type = row.text(3),
            .payload = row.text(4),
            .created_at = row.time(5)};
}

template <class Row>
kept_event kept_event_from(const Row& row) {
    return {.of = event_from(row),
            .published_at = row.optional_time(6),
            .attempts = int(row.integer(7)),
            .problem = row.text(8)};
}

// The summaries of an execution's steps, as its definition names them, and of those that were counted though it does
// not.
class step_summaries_builder {
  public:
    explicit step_summaries_builder(const execution& of) : tenants_{of.tenants.total} {
        for (auto& name : step_names_of(of.definition)) add(std::move(name));
    }
    [[nodiscard]] step_summary& at(std::int64_t index) {
        const auto place = std::size_t(std::clamp<std::int64_t>(index, 0, std::int64_t(max_steps) - 1));
        while (summaries_.size() <= place) add(fmt::format("step_{}", summaries_.size()));
        return summaries_[place];
    }
    [[nodiscard]] std::vector<step_summary> take() { return std::move(summaries_); }

  private:
    void add(std::string name) {
        step_summary made;
        made.step_name = std::move(name);
        made.step_index = int(summaries_.size());
        made.counts.total = tenants_;
        summaries_.push_back(std::move(made));
    }

    std::int64_t tenants_;
    std::vector<step_summary> summaries_;
};

template <class Row>
service_setting service_setting_from(const Row& row) {
    service_setting read{.service = row.text(0),
                         .max_calls = {},
                         .paused_until = row.optional_time(2),
                         .reason = row.text(3),
                         .updated_at = row.time(4)};
    if (!row.is_null(1)) read.max_calls = int(row.integer(1));
    return read;
}

}  // namespace orchestrator::sql
