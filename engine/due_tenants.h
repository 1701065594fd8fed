// To which tenants an occurrence is due, when a schedule holds on each tenant's own clock: to those for whom it fires
// at that very instant. Asked for each tenant while an execution is planned.
#pragma once

#include <map>
#include <set>
#include <string>

#include "domain/schedule/schedule.h"
#include "engine/timetable_source.h"

namespace orchestrator {

class due_tenants {
  public:
    due_tenants(schedule when, sys_seconds scheduled_for, std::set<std::string> known_calendars, zone_source& zones,
                calendar_store& calendars)
        : when_{std::move(when)},
          at_{scheduled_for},
          known_calendars_{std::move(known_calendars)},
          timetables_{zones, calendars} {}

    // A tenant whose clock or calendar cannot be resolved is not in it; the schedule's problem tells of it. An error is
    // the store's, and passes.
    task<result<bool>> contain(tenant);

  private:
    schedule when_;
    sys_seconds at_;
    std::set<std::string> known_calendars_;
    timetable_source timetables_;
    std::map<schedule_place, bool> judged_;
};

}  // namespace orchestrator
