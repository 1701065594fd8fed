// Backfills: occurrences of the past that somebody wants made up for, a few at a time. Safe to call from any thread's
// coroutine; each call is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/execution/execution.h"
#include "domain/schedule/schedule.h"
#include "ports/task.h"

namespace orchestrator {

// A row of orchestrator_backfills.
struct backfill {
    backfill_id id{};
    workflow_id workflow{};
    std::string workflow_name{};
    std::string definition{};  // what it runs, whatever becomes of the workflow meanwhile; JSON
    local_days start_date{};   // as it was asked for, both inclusive
    local_days end_date{};
    int max_concurrent = 1;  // executions that are open at once
    system_time created_at{};
    std::optional<system_time> cancelled_at{};
    std::optional<system_time> done_at{};  // when it was noticed that nothing of it is open

    bool operator==(const backfill&) const = default;
};

struct backfill_progress {
    std::int64_t occurrences = 0;
    std::int64_t opened = 0;  // have an execution
    std::int64_t ended = 0;   // have one that has ended
    std::int64_t failed = 0;  // that ended failed, partial or cancelled

    bool operator==(const backfill_progress&) const = default;
};

struct tracked_backfill {
    backfill of;
    backfill_progress progress;

    [[nodiscard]] bool is_done() const {
        return progress.ended == progress.opened && (of.cancelled_at || progress.opened == progress.occurrences);
    }
};

// A backfill that goes on, and the occurrences that may be opened now: none while others of it are open.
struct backfill_turn {
    backfill of;
    std::vector<system_time> next;
};

struct backfill_start {
    backfill_id of;
    execution opened;  // with scheduled_for and is_backfill
};

class backfill_store {
  public:
    virtual ~backfill_store() = default;

    virtual task<result<void>> insert_backfill(backfill, std::vector<system_time> occurrences) = 0;
    // Newest first.
    virtual task<result<std::vector<tracked_backfill>>> list_backfills(int limit) = 0;
    virtual task<result<tracked_backfill>> find_backfill(backfill_id) = 0;
    // Opens no more; what is open goes on. state_conflict when it is done.
    virtual task<result<tracked_backfill>> cancel_backfill(backfill_id, system_time now) = 0;

    // Of every backfill that goes on, oldest first. Notes those that are done by now.
    virtual task<result<std::vector<backfill_turn>>> next_of_backfills(system_time now) = 0;
    // Opens each, unless its occurrence has an execution by now, or the backfill was cancelled. Returns what was
    // opened. superseded.
    virtual task<result<std::vector<execution_id>>> open_backfill_executions(std::vector<backfill_start>,
                                                                             std::int64_t epoch, system_time now) = 0;
};

}  // namespace orchestrator
