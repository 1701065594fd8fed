// When a workflow runs, as people write it: an expression on some clock, and what to do on holidays, on weekends, after
// downtime and while the last execution still runs. Names zones and calendars; timetable.h resolves them.
#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "domain/cron/occurrence.h"
#include "domain/json_fields.h"

namespace orchestrator {

using std::chrono::local_days;

enum class timezone_mode {
    workflow,  // on the clock of `timezone`
    tenant,    // on each tenant's own clock
};
enum class holiday_policy {
    run,                    // as on any other day
    skip,                   // not on holidays
    previous_business_day,  // what falls on a holiday is done before it
    next_business_day,      // or after it, at the same time of the day
    alternative_cron,       // holiday_cron holds on holidays
};
// What to do about times that passed while nobody could run them.
enum class misfire_policy {
    fire_once,  // the latest, if it is not older than the grace time
    skip,       // none
    fire_all,   // each that is not older than the grace time, at most 100
};
// What to do when the last execution of the workflow has not ended.
enum class overlap_policy {
    skip,   // do not start
    queue,  // start when it has ended
    allow,  // start beside it
};

struct schedule {
    std::string cron_expression{};  // empty: no start is named
    std::string ready_by{};         // "08:00" or an expression: when results must be there; in place of cron_expression
    std::string timezone{};
    timezone_mode zone_mode = timezone_mode::workflow;
    clock_policy clock{};
    std::string calendar{};  // whose holidays; empty: none. In mode tenant: of tenants whose region has no calendar
    holiday_policy holidays = holiday_policy::run;
    std::string holiday_cron{};  // set with alternative_cron, and only then
    std::string weekend_cron{};  // holds on Saturdays and Sundays; empty: as on any other day
    misfire_policy misfire = misfire_policy::fire_once;
    std::chrono::seconds misfire_grace{21'600};
    overlap_policy overlap = overlap_policy::skip;
    std::chrono::seconds jitter{0};          // starts are spread over so many seconds
    std::optional<local_days> start_date{};  // inclusive
    std::optional<local_days> end_date{};    // inclusive
    bool is_paused = false;

    // Is there anything to be due?
    [[nodiscard]] bool is_set() const { return !cron_expression.empty() || !ready_by.empty(); }
    [[nodiscard]] bool needs_calendar() const { return holidays != holiday_policy::run; }
    bool operator==(const schedule&) const = default;
};

inline constexpr std::string_view default_timezone = "Europe/Madrid";

// Reads the fields of a schedule out of an object that may have others, too; what they break is recorded. `otherwise`:
// where a field that is left out gets its value from; one that is null is cleared.
[[nodiscard]] schedule read_schedule(json_fields&, const schedule& otherwise);
// Every field, by the names that read_schedule knows.
[[nodiscard]] boost::json::object to_json(const schedule&);

// Reads what a store keeps: two columns, and the other fields as JSON (empty: none). What cannot be read is told in
// `unreadable`, and must not be scheduled: it would silently run at other times than were meant.
[[nodiscard]] schedule schedule_from_store(std::string cron_expression, std::string timezone, std::string_view others,
                                           std::string& unreadable);
// The other fields, as JSON.
[[nodiscard]] std::string other_fields_for_store(const schedule&);

// "08:00" as the expression "0 8 * * *"; an expression as it is.
[[nodiscard]] std::string ready_by_expression(std::string_view ready_by);

// "2026-12-24"
[[nodiscard]] std::string format_date(local_days);
[[nodiscard]] std::optional<local_days> parse_date(std::string_view);

[[nodiscard]] std::string_view to_string(timezone_mode);
[[nodiscard]] std::string_view to_string(holiday_policy);
[[nodiscard]] std::string_view to_string(misfire_policy);
[[nodiscard]] std::string_view to_string(overlap_policy);

}  // namespace orchestrator
