// On which clocks and by which calendars the tenants live: read from the tenant service now and then, for the schedules
// that hold on each tenant's own clock.
#pragma once

#include "engine/tenant_directory.h"
#include "ports/calendar_store.h"
#include "ports/schedule_store.h"

namespace orchestrator {

class tenant_survey {
  public:
    tenant_survey(tenant_directory& directory, schedule_store& store, calendar_store& calendars)
        : directory_{directory}, store_{store}, calendars_{calendars} {}

    // Reads all tenants and keeps their groups. An error leaves those that were known.
    task<result<void>> take(std::int64_t epoch, steady_time deadline, std::stop_token);

  private:
    tenant_directory& directory_;
    schedule_store& store_;
    calendar_store& calendars_;
};

}  // namespace orchestrator
