// The workflows and calendars that every installation begins with. They are data like any other: an operator may change
// each one, and what somebody has changed in the store is never overwritten.
#pragma once

#include <span>
#include <string>

#include "cmake/embedded_file.h"
#include "domain/error.h"
#include "ports/calendar_store.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "ports/task.h"
#include "ports/workflow_store.h"

namespace orchestrator {
std::span<const embedded_file> builtin_workflow_files();  // workflows/*.json
std::span<const embedded_file> builtin_calendar_files();  // calendars/*.json
}  // namespace orchestrator

namespace orchestrator::server {

// What the environment says of the first schedules.
struct schedule_seeds {
    std::string daily_cron;
    std::string weekly_cron;
    std::string timezone;
};

// Inserts those whose name was never there. Returns how many.
task<result<int>> install_builtin_workflows(workflow_store&, clock&, random_source&, schedule_seeds,
                                            int longest_execution_seconds);

// Puts those that were never there, and newer versions of those that nobody has changed. Returns how many.
task<result<int>> install_builtin_calendars(calendar_store&, clock&);

}  // namespace orchestrator::server
