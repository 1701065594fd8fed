// From the names in a schedule to a timetable: finds the zone, and reads a calendar layer by layer. What was read is
// kept until `forget`.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "domain/schedule/timetable.h"
#include "domain/tenancy/tenant.h"
#include "ports/calendar_store.h"
#include "ports/task.h"
#include "ports/zone_source.h"

namespace orchestrator {

// Whose clock and whose holidays.
struct schedule_place {
    std::string timezone;
    std::string calendar;  // empty: none

    auto operator<=>(const schedule_place&) const = default;
};

class timetable_source {
  public:
    timetable_source(zone_source& zones, calendar_store& calendars) : zones_{zones}, calendars_{calendars} {}

    // invalid_argument: the zone or the calendar cannot be resolved, and the message says which and why; or the
    // schedule is not set. Other errors are the store's, and pass.
    task<result<timetable>> find(schedule, schedule_place);
    // By code, with all that it stands on. invalid_argument as above.
    task<result<std::shared_ptr<const holiday_set>>> holidays(std::string code);
    // Calendars may have changed.
    void forget() { holidays_.clear(); }

  private:
    zone_source& zones_;
    calendar_store& calendars_;
    std::map<std::string, std::shared_ptr<const holiday_set>> holidays_;
};

// The calendar that a tenant minds: its own, its region's or its country's, whichever is `known` first; empty: none is.
[[nodiscard]] std::string calendar_of(const tenant&, const std::set<std::string>& known);
// The codes of all calendars.
task<result<std::set<std::string>>> known_calendars(calendar_store&);

// Where a schedule of mode `workflow` holds.
[[nodiscard]] schedule_place place_of(const schedule&);
// Where one of mode `tenant` holds for tenants on this clock who mind this calendar (empty: none is known for them).
[[nodiscard]] schedule_place place_for(const schedule&, std::string timezone, std::string calendar);
// How executions name those tenants: "Europe/Madrid ES-MD". Empty in mode `workflow`.
[[nodiscard]] std::string group_name(const schedule&, const schedule_place&);

}  // namespace orchestrator
