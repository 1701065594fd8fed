#include "engine/due_tenants.h"

#include <spdlog/spdlog.h>

namespace orchestrator {

task<result<bool>> due_tenants::contain(tenant of) {
    const auto place = place_for(when_, of.timezone, calendar_of(of, known_calendars_));
    if (const auto known = judged_.find(place); known != judged_.end()) co_return known->second;
    const auto times = co_await timetables_.find(when_, place);
    if (!times && times.error().code != errc::invalid_argument) co_return std::unexpected{times.error()};
    if (!times) spdlog::warn("tenants on the clock of {} are left out: {}", place.timezone, times.error().message);
    const bool due = times && times->fires_at(at_).has_value();
    judged_.emplace(place, due);
    co_return due;
}

}  // namespace orchestrator
