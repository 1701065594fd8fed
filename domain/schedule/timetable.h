// A schedule with its zone and its calendar: when it fires, why then, and why not at other times. The one place where
// cron expressions, clock changes, holidays, weekends and dates meet. Pure, and never changes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/calendar/holiday_set.h"
#include "domain/cron/occurrence.h"
#include "domain/error.h"
#include "domain/schedule/schedule.h"

namespace orchestrator {

struct firing {
    enum class cause {
        regular,
        weekend,  // by weekend_cron
        holiday,  // by holiday_cron
        moved,    // from the holiday `moved_from`
    };

    sys_seconds at;         // what names the occurrence: scheduled_for
    local_seconds nominal;  // what the expression says; differs from the clock after a gap
    occurrence::kind clock = occurrence::kind::regular;
    cause why = cause::regular;
    std::optional<local_days> moved_from;

    bool operator==(const firing&) const = default;
};

// A time that the expression names and at which nothing fires.
struct suppressed_time {
    enum class reason {
        holiday,           // holiday_policy skip
        moved,             // to the business day `moved_to`
        holiday_schedule,  // holiday_cron holds on this day
        weekend_schedule,  // weekend_cron holds on this day
        no_business_day,   // to be moved, but there is none within a year
        gap,               // does not exist on this day, gap_policy skip
        before_start,      // start_date
        after_end,         // end_date
    };
    local_seconds nominal;
    reason why;
    std::optional<local_days> moved_to;

    bool operator==(const suppressed_time&) const = default;
};

class timetable {
  public:
    // `holidays` may be null when the schedule needs no calendar. invalid_argument: an expression that was stored by
    // hand cannot be read, or the schedule is not set.
    static result<timetable> make(const schedule&, std::shared_ptr<const time_zone>,
                                  std::shared_ptr<const holiday_set> holidays);

    [[nodiscard]] const time_zone& zone() const { return *zone_; }
    [[nodiscard]] const holiday_set& holidays() const { return *holidays_; }
    [[nodiscard]] const cron_expression& expression() const { return base_; }
    [[nodiscard]] zone_cursor cursor() const { return zone_cursor{*zone_}; }

    // The first firing after `after`; nullopt: none before 2101. Asked with the result, it gives the next one.
    [[nodiscard]] std::optional<firing> next(sys_seconds after, zone_cursor&) const;
    // Is `at` one of its firings?
    [[nodiscard]] std::optional<firing> fires_at(sys_seconds at) const;
    // What else the expressions name on a day, at most `most`.
    [[nodiscard]] std::vector<suppressed_time> suppressed_on(local_days, std::size_t most = 100) const;
    // Of one day on the clock of the zone; at most `most`.
    [[nodiscard]] std::vector<firing> firings_on(local_days, std::size_t most = 100) const;

    // Why it fires then: "weekend schedule", "moved from 2026-01-06: Epifanía del Señor, ES"; empty: as on any day.
    [[nodiscard]] std::string explain(const firing&) const;
    [[nodiscard]] std::string explain(const suppressed_time&) const;

  private:
    timetable() = default;

    [[nodiscard]] bool is_holiday(local_days day) const { return minds_holidays_ && holidays_->contains(day); }
    [[nodiscard]] bool has_weekend(local_days) const;
    // Which expression holds on a day; nullptr: none, it is a holiday.
    [[nodiscard]] const cron_expression* expression_on(local_days) const;
    // What would hold if the day were no holiday.
    [[nodiscard]] const cron_expression& ordinary_expression_on(local_days) const;
    [[nodiscard]] std::optional<local_days> moved_to(local_days holiday) const;

    [[nodiscard]] std::optional<firing> next_of(const cron_expression&, firing::cause, sys_seconds after,
                                                zone_cursor&) const;
    [[nodiscard]] std::optional<firing> next_moved(sys_seconds after, zone_cursor&) const;
    void earliest_moved(local_days from, local_days to, sys_seconds after, zone_cursor&, std::optional<firing>&) const;
    // From where on days of the kind that `cause` is for are worth a look.
    [[nodiscard]] std::optional<local_days> next_day_for(firing::cause, local_days after) const;
    [[nodiscard]] std::string names_of(local_days holiday) const;

    std::shared_ptr<const time_zone> zone_;
    std::shared_ptr<const holiday_set> holidays_;
    cron_expression base_;
    std::optional<cron_expression> weekend_;
    std::optional<cron_expression> holiday_;
    holiday_policy policy_ = holiday_policy::run;
    bool minds_holidays_ = false;
    clock_policy clock_;
    std::optional<local_days> start_;
    std::optional<local_days> end_;
};

}  // namespace orchestrator
