// A calendar of holidays as people write it: rules, on top of another calendar. España -> Comunidad de Madrid -> the
// closing days of one bakery.
#pragma once

#include <boost/json.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar/holiday_rule.h"
#include "domain/error.h"
#include "domain/time.h"

namespace orchestrator {

// A row of orchestrator_calendars.
struct calendar {
    std::string code;    // "ES", "ES-MD", "tenant:<uuid>": how schedules name it
    std::string name;    // "Comunidad de Madrid"
    std::string parent;  // the code of the calendar whose holidays hold here, too; empty: none
    std::vector<holiday_rule> holidays;
    std::vector<holiday_rule> working_days;  // on these nothing that was inherited is a holiday
    std::string source;                      // the JSON that it was read from

    int version = 0;  // grows with each change; given by the store
    system_time updated_at;
};

// The calendar of one tenant, if it has one: its closing days on top of its region.
[[nodiscard]] std::string tenant_calendar_code(std::string_view tenant_id);
[[nodiscard]] bool is_calendar_code(std::string_view);

// Reads what people write, with every broken rule at once:
//   {"calendar": "ES-MD", "name": "Comunidad de Madrid", "parent": "ES", "holidays": [RULE…], "working_days": [RULE…]}
// RULE: {"name", one of "date": "01-06" | "easter": -2 | "month", "weekday", "nth" | "islamic": "10-01" |
//   "dates": ["2026-12-24", "2026-08-01/2026-08-21"], and perhaps "if_sunday": "next_monday", "years": "2008, 2020-"}.
[[nodiscard]] std::expected<calendar, std::vector<violation>> parse_calendar(const boost::json::value&);

}  // namespace orchestrator
