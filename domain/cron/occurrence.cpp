#include "domain/cron/occurrence.h"

namespace orchestrator {
namespace {

using kind = occurrence::kind;

local_seconds local_of(sys_seconds at, std::chrono::seconds offset) {
    return local_seconds{at.time_since_epoch() + offset};
}

kind kind_in(const local_meaning& meaning, sys_seconds at) {
    if (meaning.what != local_meaning::kind::fold) return kind::regular;
    return at == meaning.first ? kind::first_of_fold : kind::second_of_fold;
}

// Follows the clock from span to span: what matches within a span is due.
std::optional<occurrence> next_by_clock(const cron_expression& expression, zone_cursor& cursor, sys_seconds after) {
    const auto& zone = cursor.zone();
    auto from = after;
    for (auto span = cursor.span_at(after);; ++span) {
        const auto offset = zone.spans()[span].offset;
        const auto nominal = expression.next_after(local_of(from, offset));
        if (!nominal) return std::nullopt;
        const sys_seconds at{nominal->time_since_epoch() - offset};
        if (at < zone.end_of(span)) return occurrence{at, *nominal, kind_in(cursor.meaning_of(*nominal), at)};
        from = zone.end_of(span) - std::chrono::seconds{1};
    }
}

// The instant that a nominal time of the day stands for; nullopt: none, by policy.
std::optional<occurrence> resolve(local_seconds nominal, zone_cursor& cursor, gap_policy gap, bool take_second) {
    const auto meaning = cursor.meaning_of(nominal);
    if (meaning.what == local_meaning::kind::gap) {
        if (gap == gap_policy::skip) return std::nullopt;
        return occurrence{meaning.first, nominal, kind::after_gap};
    }
    const auto at = take_second ? meaning.second : meaning.first;
    return occurrence{at, nominal, kind_in(meaning, at)};
}

// Where to begin so that no nominal time is missed whose instant lies after `after`: the second pass of a fold belongs
// to nominal times that the first pass has shown already.
local_seconds start_of_search(zone_cursor& cursor, sys_seconds after, bool take_second) {
    const auto now = cursor.to_local(after);
    if (!take_second) return now;
    const auto& zone = cursor.zone();
    const auto span = cursor.span_at(after);
    const auto next = zone.end_of(span);
    if (next == sys_seconds::max()) return now;
    const auto lost = zone.spans()[span].offset - zone.spans()[span + 1].offset;
    // The clock falls back by `lost`; a nominal time within it may be behind us and ahead of us.
    const auto fold_begins = local_of(next, zone.spans()[span + 1].offset);
    return lost > std::chrono::seconds{0} && now >= fold_begins ? fold_begins - std::chrono::seconds{1} : now;
}

std::optional<occurrence> next_by_day(const cron_expression& expression, zone_cursor& cursor, sys_seconds after,
                                      gap_policy gap, bool take_second) {
    auto nominal = expression.next_after(start_of_search(cursor, after, take_second));
    for (; nominal; nominal = expression.next_after(*nominal)) {
        const auto found = resolve(*nominal, cursor, gap, take_second);
        if (found && found->at > after) return found;
    }
    return std::nullopt;
}

}  // namespace

std::optional<occurrence> next_occurrence(const cron_expression& expression, zone_cursor& cursor, sys_seconds after,
                                          clock_policy policy) {
    if (expression.every_hour()) return next_by_clock(expression, cursor, after);
    const bool last = policy.fold == fold_policy::last;
    auto next = next_by_day(expression, cursor, after, policy.gap, last);
    if (policy.fold != fold_policy::both) return next;
    const auto second = next_by_day(expression, cursor, after, policy.gap, true);
    return !next || (second && second->at < next->at) ? second : next;
}

}  // namespace orchestrator
