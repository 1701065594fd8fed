// On which clocks and by which calendars the tenants live: read from the tenant service now and then, for the schedules
// that hold on each tenant's own clock.
#pragma once

#include "engine/directory_snapshot.h"
#include "ports/calendar_store.h"
#include "ports/schedule_store.h"

namespace orchestrator {

class tenant_survey {
  public:
    tenant_survey(directory_snapshot& tenants, schedule_store& store, calendar_store& calendars, clock& time)
        : tenants_{tenants}, store_{store}, calendars_{calendars}, time_{time} {}

    // Counts all tenants and keeps their groups. An error, and a list that is not whole, leave those that were known.
    task<result<void>> take(std::int64_t epoch, steady_time deadline, std::stop_token);

  private:
    directory_snapshot& tenants_;
    schedule_store& store_;
    calendar_store& calendars_;
    clock& time_;
};

}  // namespace orchestrator
