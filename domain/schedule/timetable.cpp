#include "domain/schedule/timetable.h"

#include <fmt/format.h>

#include "domain/cron/parse_cron.h"

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr local_days last_day{year{2100} / December / 31};

bool is_weekend(local_days date) {
    const weekday day{date};
    return day == Saturday || day == Sunday;
}

local_days day_of(local_seconds at) { return floor<days>(at); }

result<std::optional<cron_expression>> parse_optional(const std::string& text) {
    if (text.empty()) return std::nullopt;
    auto parsed = parse_cron(text);
    if (!parsed) return std::unexpected{std::move(parsed.error())};
    return std::move(*parsed);
}

void keep_earlier(std::optional<firing>& best, std::optional<firing> other) {
    if (other && (!best || other->at < best->at)) best = other;
}

// The last instant before a day begins, or a little earlier where clocks jump at midnight.
sys_seconds before_day(local_days day, zone_cursor& cursor) {
    return cursor.meaning_of(local_seconds{day}).first - seconds{1};
}

}  // namespace

result<timetable> timetable::make(const schedule& from, std::shared_ptr<const time_zone> zone,
                                  std::shared_ptr<const holiday_set> holidays) {
    static const auto no_holidays = std::make_shared<const holiday_set>();
    if (!from.is_set())
        return fail(errc::invalid_argument, "there is no schedule: neither cron_expression nor ready_by");
    auto base = parse_cron(from.ready_by.empty() ? from.cron_expression : ready_by_expression(from.ready_by));
    auto weekend = parse_optional(from.weekend_cron);
    auto holiday = parse_optional(from.holiday_cron);
    if (!base) return std::unexpected{std::move(base.error())};
    if (!weekend) return std::unexpected{std::move(weekend.error())};
    if (!holiday) return std::unexpected{std::move(holiday.error())};
    if (from.needs_calendar() && !holidays)
        return fail(errc::invalid_argument, "holiday_policy needs a calendar, and there is none");
    timetable made;
    made.zone_ = std::move(zone);
    made.holidays_ = holidays ? holidays : no_holidays;
    made.base_ = std::move(*base);
    made.weekend_ = std::move(*weekend);
    if (from.holidays == holiday_policy::alternative_cron) made.holiday_ = std::move(*holiday);
    made.policy_ = from.holidays;
    made.minds_holidays_ = from.needs_calendar();
    made.clock_ = from.clock;
    made.start_ = from.start_date;
    made.end_ = from.end_date;
    return made;
}

bool timetable::has_weekend(local_days day) const { return weekend_ && is_weekend(day); }

const cron_expression& timetable::ordinary_expression_on(local_days day) const {
    return has_weekend(day) ? *weekend_ : base_;
}

const cron_expression* timetable::expression_on(local_days day) const {
    if (is_holiday(day)) return holiday_ ? &*holiday_ : nullptr;
    return &ordinary_expression_on(day);
}

std::optional<local_days> timetable::moved_to(local_days holiday) const {
    if (policy_ == holiday_policy::next_business_day) return holidays_->business_day_after(holiday);
    if (policy_ == holiday_policy::previous_business_day) return holidays_->business_day_before(holiday);
    return std::nullopt;
}

std::optional<local_days> timetable::next_day_for(firing::cause cause, local_days after) const {
    auto day = after + days{1};
    if (cause == firing::cause::holiday) return holidays_->next_from(day);
    if (cause == firing::cause::weekend)
        while (!is_weekend(day)) day += days{1};
    return day;
}

std::optional<firing> timetable::next_of(const cron_expression& expression, firing::cause cause, sys_seconds after,
                                         zone_cursor& cursor) const {
    for (;;) {
        const auto found = next_occurrence(expression, cursor, after, clock_);
        if (!found) return std::nullopt;
        const auto day = day_of(found->nominal);
        if (expression_on(day) == &expression && (!start_ || day >= *start_)) {
            if (end_ && day > *end_) return std::nullopt;
            return firing{found->at, found->nominal, found->what, cause, std::nullopt};
        }
        const auto next_day = next_day_for(cause, day);
        if (!next_day || *next_day > last_day) return std::nullopt;
        // Clocks that go back over midnight may bring the same day again: never earlier than what was seen.
        after = std::max(found->at, before_day(*next_day, cursor));
    }
}

// The times of `from` on the day `to`, of which the first after `after` may be the best.
void timetable::earliest_moved(local_days from, local_days to, sys_seconds after, zone_cursor& cursor,
                               std::optional<firing>& best) const {
    const auto& expression = ordinary_expression_on(from);
    for (auto at = expression.next_after(local_seconds{from} - seconds{1}); at && day_of(*at) == from;
         at = expression.next_after(*at)) {
        const auto nominal = local_seconds{to} + (*at - local_seconds{from});
        const auto meaning = cursor.meaning_of(nominal);
        using kind = local_meaning::kind;
        if (meaning.what == kind::gap && clock_.gap == gap_policy::skip) continue;
        const bool second = meaning.what == kind::fold && clock_.fold == fold_policy::last;
        const auto instant = second ? meaning.second : meaning.first;
        if (instant <= after) continue;
        const auto clock = meaning.what == kind::gap    ? occurrence::kind::after_gap
                           : meaning.what != kind::fold ? occurrence::kind::regular
                           : second                     ? occurrence::kind::second_of_fold
                                                        : occurrence::kind::first_of_fold;
        keep_earlier(best, firing{instant, nominal, clock, firing::cause::moved, from});
        return;  // later times of the day are later instants
    }
}

// Holidays in order; the days that they are moved to are in order, too, so that the first with a firing has the
// earliest.
std::optional<firing> timetable::next_moved(sys_seconds after, zone_cursor& cursor) const {
    const auto today = day_of(cursor.to_local(after));
    auto from = today;
    if (policy_ == holiday_policy::next_business_day) {
        const auto before = holidays_->business_day_before(today);
        from = before ? *before : today - days{366};
    }
    std::optional<firing> best;
    std::optional<local_days> best_day;
    for (auto holiday = holidays_->next_from(from); holiday; holiday = holidays_->next_from(*holiday + days{1})) {
        const auto to = moved_to(*holiday);
        if (best_day && to != best_day) break;
        if (!to || *to < today || *to > last_day || (end_ && *to > *end_)) continue;
        earliest_moved(*holiday, *to, after, cursor, best);
        if (best) best_day = to;
    }
    return best;
}

std::optional<firing> timetable::next(sys_seconds after, zone_cursor& cursor) const {
    if (start_) after = std::max(after, before_day(*start_, cursor));
    auto best = next_of(base_, firing::cause::regular, after, cursor);
    if (weekend_) keep_earlier(best, next_of(*weekend_, firing::cause::weekend, after, cursor));
    if (holiday_) keep_earlier(best, next_of(*holiday_, firing::cause::holiday, after, cursor));
    if (policy_ == holiday_policy::next_business_day || policy_ == holiday_policy::previous_business_day)
        keep_earlier(best, next_moved(after, cursor));
    return best;
}

std::optional<firing> timetable::fires_at(sys_seconds at) const {
    auto at_cursor = cursor();
    auto found = next(at - seconds{1}, at_cursor);
    if (!found || found->at != at) return std::nullopt;
    return found;
}

std::vector<firing> timetable::firings_on(local_days day, std::size_t most) const {
    std::vector<firing> found;
    auto at_cursor = cursor();
    // A time of the day before may be due on this one, after a gap at midnight, and one of this day on the next.
    auto each = next(before_day(day, at_cursor) - hours{3}, at_cursor);
    for (; each && day_of(each->nominal) <= day && found.size() < most; each = next(each->at, at_cursor))
        if (day_of(each->nominal) == day) found.push_back(*each);
    return found;
}

std::vector<suppressed_time> timetable::suppressed_on(local_days day, std::size_t most) const {
    std::vector<suppressed_time> found;
    auto at_cursor = cursor();
    const auto to = moved_to(day);
    const auto reason_for = [&](local_seconds at, const cron_expression& expression) {
        using reason = suppressed_time::reason;
        std::optional<reason> why;
        if (start_ && day < *start_)
            why = reason::before_start;
        else if (end_ && day > *end_)
            why = reason::after_end;
        else if (expression_on(day) == &expression) {
            if (clock_.gap == gap_policy::skip && at_cursor.meaning_of(at).what == local_meaning::kind::gap)
                why = reason::gap;
        } else if (!is_holiday(day))
            why = reason::weekend_schedule;
        else if (policy_ == holiday_policy::skip)
            why = reason::holiday;
        else if (holiday_)
            why = reason::holiday_schedule;
        else
            why = to ? reason::moved : reason::no_business_day;
        return why;
    };
    const auto add = [&](const cron_expression& expression) {
        for (auto at = expression.next_after(local_seconds{day} - seconds{1});
             at && day_of(*at) == day && found.size() < most; at = expression.next_after(*at))
            if (const auto why = reason_for(*at, expression))
                found.push_back({*at, *why, *why == suppressed_time::reason::moved ? to : std::nullopt});
    };
    const auto* holds = expression_on(day);
    if (!is_holiday(day) && has_weekend(day)) add(base_);
    if (is_holiday(day)) add(ordinary_expression_on(day));
    if (holds) add(*holds);
    return found;
}

std::string timetable::names_of(local_days day) const {
    std::string text;
    for (const auto& each : holidays_->on(day))
        text += fmt::format("{}{}{}, {}", text.empty() ? "" : "; ", each.name, each.moved ? " (from Sunday)" : "",
                            each.calendar);
    return text;
}

std::string timetable::explain(const firing& what) const {
    std::string text;
    if (what.why == firing::cause::weekend) text = "weekend schedule";
    if (what.why == firing::cause::holiday) text = fmt::format("holiday schedule: {}", names_of(day_of(what.nominal)));
    if (what.why == firing::cause::moved)
        text = fmt::format("moved from {}: {}", format_date(*what.moved_from), names_of(*what.moved_from));
    const auto add = [&](std::string_view more) { text += fmt::format("{}{}", text.empty() ? "" : "; ", more); };
    if (what.clock == occurrence::kind::after_gap) {
        const auto time = what.nominal - floor<days>(what.nominal);
        add(fmt::format("gap: {:02}:{:02} does not exist, first valid instant", floor<hours>(time).count(),
                        floor<minutes>(time).count() % 60));
    }
    if (what.clock == occurrence::kind::first_of_fold) add("clocks go back: the first of two");
    if (what.clock == occurrence::kind::second_of_fold) add("clocks go back: the second of two");
    return text;
}

std::string timetable::explain(const suppressed_time& what) const {
    using reason = suppressed_time::reason;
    const auto day = day_of(what.nominal);
    switch (what.why) {
        case reason::holiday:
            return fmt::format("holiday, skipped: {}", names_of(day));
        case reason::moved:
            return fmt::format("moved to {}: {}", format_date(*what.moved_to), names_of(day));
        case reason::no_business_day:
            return fmt::format("holiday, and no business day within a year to move it to: {}", names_of(day));
        case reason::holiday_schedule:
            return fmt::format("the holiday schedule holds instead: {}", names_of(day));
        case reason::weekend_schedule:
            return "the weekend schedule holds instead";
        case reason::gap:
            return "does not exist on this day: clocks go forward, gap_policy is skip";
        case reason::before_start:
            return fmt::format("before start_date {}", format_date(*start_));
        case reason::after_end:
            return fmt::format("after end_date {}", format_date(*end_));
    }
    return {};
}

}  // namespace orchestrator
