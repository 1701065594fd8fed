// Schedules, and the instants that they fire at, as the API shows them (docs/api.md, Schedules).
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>

#include "domain/schedule/lead.h"
#include "domain/schedule/timetable.h"
#include "domain/workflow/workflow.h"

namespace orchestrator::api {

// "2026-03-29T03:00:00+02:00"; without an offset when there is none to give.
[[nodiscard]] std::string local_text(local_seconds, std::optional<std::chrono::seconds> offset);
[[nodiscard]] std::string local_text(sys_seconds, zone_cursor&);

// {"en": "at 08:00, every day", "es": "a las 08:00, todos los días"}; null without an expression.
[[nodiscard]] boost::json::value descriptions_of(const schedule&);

// One code for why it fires at that instant: regular, weekend_schedule, holiday_schedule, moved, after_gap,
// first_of_fold, second_of_fold.
[[nodiscard]] std::string_view reason_of(const firing&);
[[nodiscard]] boost::json::object firing_to_json(const firing&, const timetable&, std::chrono::seconds lead);

// The schedule of a workflow; `lead` for one that is to be ready by a time.
[[nodiscard]] boost::json::object schedule_to_json(const workflow&, const std::optional<lead_estimate>& lead);

}  // namespace orchestrator::api
