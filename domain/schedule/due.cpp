#include "domain/schedule/due.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>

namespace orchestrator {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
}

// One timetable as far as it has come.
struct progress {
    const timetable* of;
    zone_cursor cursor;
    std::optional<firing> next;
    std::deque<firing> latest{};  // that have passed, the latest few of them
};

// Passes every occurrence that is due, in order over all timetables; returns the first that is not.
std::optional<firing> pass_due_ones(std::vector<progress>& all, const start_shift& shift, sys_seconds now,
                                    sys_seconds& decided_until) {
    for (;;) {
        const progress* first = nullptr;
        for (const auto& each : all)
            if (each.next && (!first || each.next->at < first->next->at)) first = &each;
        if (!first) return std::nullopt;
        const auto what = *first->next;
        if (shift.start_of(what.at) > now) return what;
        for (auto& each : all) {
            if (!each.next || each.next->at != what.at) continue;
            each.latest.push_back(*each.next);
            if (each.latest.size() > most_missed_noted + most_fired_at_once) each.latest.pop_front();
            each.next = each.of->next(what.at, each.cursor);
        }
        decided_until = what.at;
    }
}

}  // namespace

sys_seconds start_shift::start_of(sys_seconds scheduled_for) const {
    auto at = scheduled_for - lead;
    if (jitter.count() > 0) {
        std::uint64_t seed = std::uint64_t(scheduled_for.time_since_epoch().count());
        for (std::size_t i = 0; i < 16; i += 8) {
            std::uint64_t part = 0;
            for (std::size_t k = 0; k < 8; ++k) part = part << 8 | workflow.value.bytes[i + k];
            seed = mixed(seed ^ part);
        }
        at += std::chrono::seconds{std::int64_t(seed % std::uint64_t(jitter.count() + 1))};
    }
    return at;
}

std::string_view to_string(missed_reason why) {
    switch (why) {
        case missed_reason::superseded:
            return "superseded";
        case missed_reason::too_old:
            return "too_old";
        case missed_reason::skipped:
            return "skipped";
        case missed_reason::capped:
            return "capped";
    }
    return "too_old";
}

std::optional<missed_reason> parse_missed_reason(std::string_view text) {
    for (const auto why :
         {missed_reason::superseded, missed_reason::too_old, missed_reason::skipped, missed_reason::capped})
        if (text == to_string(why)) return why;
    return std::nullopt;
}

bool is_decided_too_far(sys_seconds decided_until, std::chrono::seconds longest_lead, sys_seconds now) {
    return decided_until > now + longest_lead + on_time;
}

due_decision decide_due(std::span<const timetable* const> timetables, const start_shift& shift,
                        const misfire_rules& rules, sys_seconds decided_until, sys_seconds now) {
    due_decision decision{.start = {}, .missed = {}, .decided_until = decided_until, .next_start = {}};
    std::vector<progress> all;
    for (const auto* each : timetables) {
        all.push_back({each, each->cursor(), std::nullopt});
        all.back().next = each->next(decided_until, all.back().cursor);
    }
    if (const auto next = pass_due_ones(all, shift, now, decision.decided_until))
        decision.next_start = shift.start_of(next->at);

    const auto most = rules.policy == misfire_policy::fire_all ? most_fired_at_once : std::size_t{1};
    const auto oldest = rules.policy == misfire_policy::skip ? on_time : std::max(rules.grace, on_time);
    const auto too_late = rules.policy == misfire_policy::skip ? missed_reason::skipped : missed_reason::too_old;
    const auto too_many = rules.policy == misfire_policy::fire_all ? missed_reason::capped : missed_reason::superseded;
    std::map<sys_seconds, firing> start;
    std::map<sys_seconds, missed_firing> missed;
    for (const auto& each : all) {
        std::size_t started = 0;
        for (auto what = each.latest.rbegin(); what != each.latest.rend(); ++what) {
            const auto due_at = shift.start_of(what->at);
            const bool has_waited = rules.busy_until && due_at <= *rules.busy_until;
            const bool late = now - (has_waited ? *rules.busy_until : due_at) > oldest;
            if (!late && started < (has_waited ? std::max(most, most_queued) : most)) {
                start.emplace(what->at, *what);
                ++started;
            } else {
                missed.emplace(what->at, missed_firing{*what, late         ? too_late
                                                              : has_waited ? missed_reason::capped
                                                                           : too_many});
            }
        }
    }
    for (const auto& [at, what] : start) {
        missed.erase(at);  // of one group, and started for another
        decision.start.push_back(what);
    }
    const auto noted = std::min(missed.size(), most_missed_noted);
    for (auto each = std::prev(missed.end(), std::ptrdiff_t(noted)); each != missed.end(); ++each)
        decision.missed.push_back(each->second);
    return decision;
}

}  // namespace orchestrator
