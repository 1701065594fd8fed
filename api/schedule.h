// What the resources about schedules share: timetables for a request, and the names in a schedule that nothing answers
// to.
#pragma once

#include <optional>
#include <vector>

#include "api/api.h"
#include "domain/schedule/lead.h"
#include "engine/timetable_source.h"

namespace orchestrator::api {

struct named_timetable {
    schedule_place place;
    timetable times;
};

struct group_tables {
    std::vector<named_timetable> tables;  // one, or one for each group of tenants
    std::vector<std::string> problems;    // of groups that cannot be resolved
};

// Where the schedule holds. An error is the store's, or invalid_argument when nothing of it can be resolved.
task<result<group_tables>> tables_of(const api_dependencies&, schedule);

struct group_firing {
    firing what;
    const named_timetable* of;  // the first group that it is due for
    std::vector<const named_timetable*> all;
};

// The first firing after `after` over all groups.
[[nodiscard]] std::optional<group_firing> next_over(const group_tables&, sys_seconds after);

// All workflows by name, or the one that is named.
task<result<std::vector<workflow>>> workflows_wanted(const api_dependencies&, std::optional<std::string> only);
// Zones and calendars that are named and not there.
task<std::vector<violation>> unresolvable_names(const api_dependencies&, schedule);
// How long before ready_by it is started; nullopt: the schedule names a start.
task<result<std::optional<lead_estimate>>> lead_of(const api_dependencies&, const workflow&);

}  // namespace orchestrator::api
