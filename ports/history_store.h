// How long history is kept (docs/operations/retention.md). Safe to call from any thread's coroutine; each call is one
// short transaction, so that nobody waits for long behind it.
#pragma once

#include "domain/error.h"
#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator {

// What was forgotten in one transaction.
struct history_bit {
    int executions = 0;
    bool is_all = false;  // nothing old is left
};

class history_store {
  public:
    virtual ~history_store() = default;

    // The time by which history is counted: it follows `now`, by at most `most` in one call and never beyond the clock
    // of the store, if it has one.
    virtual task<result<system_time>> age_history(system_time now, milliseconds most) = 0;
    // Makes room for the history of the days to come, and forgets some of what is older than `keep_from`: executions
    // that have ended, oldest first, with all that belongs to them, unless a retry that is open descends from them, and
    // then everything else.
    virtual task<result<history_bit>> keep_history(system_time now, system_time keep_from) = 0;
    // Moves some runs of executions that ended before this out of the way of those that are to be claimed. False: there
    // are no more.
    virtual task<result<bool>> archive_runs(system_time ended_before) = 0;
};

}  // namespace orchestrator
