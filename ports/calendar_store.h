// Where calendars are kept: every version of each. Safe to call from any thread's coroutine; each call is one
// transaction.
#pragma once

#include <string>
#include <vector>

#include "domain/calendar/calendar.h"
#include "domain/error.h"
#include "ports/task.h"

namespace orchestrator {

struct stored_calendar {
    std::string code{};
    std::string name{};
    std::string parent{};
    std::string source{};  // JSON, see parse_calendar
    int version = 0;
    bool is_builtin = false;  // came with the program, and nobody has changed it
    bool is_deleted = false;
    system_time updated_at{};

    bool operator==(const stored_calendar&) const = default;
};

class calendar_store {
  public:
    virtual ~calendar_store() = default;

    // The newest version of each that is not deleted, by code.
    virtual task<result<std::vector<stored_calendar>>> list_calendars() = 0;
    // not_found: unknown or deleted. `version` 0: the newest; else that one, deleted or not.
    virtual task<result<stored_calendar>> find_calendar(std::string code, int version = 0) = 0;
    // Adds a version; the same source again adds none. Returns what holds now. `version` of the argument is not read.
    virtual task<result<stored_calendar>> put_calendar(stored_calendar) = 0;
    // Adds a version that is deleted; older ones stay, and putting one of them back undoes it. not_found.
    virtual task<result<void>> delete_calendar(std::string code, system_time now) = 0;
};

}  // namespace orchestrator
