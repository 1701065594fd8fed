#include "domain/schedule/due.h"

#include <algorithm>
#include <deque>

namespace orchestrator {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
}

// The occurrences that have come, the latest few of them.
struct passed {
    std::deque<firing> latest;
    std::optional<firing> next;
};

passed occurrences_until(const timetable& of, const start_shift& shift, sys_seconds after, sys_seconds now) {
    passed found;
    auto cursor = of.cursor();
    for (found.next = of.next(after, cursor); found.next && shift.start_of(found.next->at) <= now;
         found.next = of.next(found.next->at, cursor)) {
        found.latest.push_back(*found.next);
        if (found.latest.size() > most_missed_noted + most_fired_at_once) found.latest.pop_front();
    }
    return found;
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

due_decision decide_due(const timetable& of, const start_shift& shift, const misfire_rules& rules,
                        sys_seconds decided_until, sys_seconds now) {
    const auto found = occurrences_until(of, shift, decided_until, now);
    due_decision decision{.start = {}, .missed = {}, .decided_until = decided_until, .next_start = {}};
    if (!found.latest.empty()) decision.decided_until = found.latest.back().at;
    if (found.next) decision.next_start = shift.start_of(found.next->at);

    const auto most = rules.policy == misfire_policy::fire_all ? most_fired_at_once : std::size_t{1};
    const auto oldest = rules.policy == misfire_policy::skip ? on_time : std::max(rules.grace, on_time);
    for (auto each = found.latest.rbegin(); each != found.latest.rend(); ++each) {
        if (now - shift.start_of(each->at) > oldest)
            decision.missed.push_back(
                {*each, rules.policy == misfire_policy::skip ? missed_reason::skipped : missed_reason::too_old});
        else if (decision.start.size() < most)
            decision.start.push_back(*each);
        else
            decision.missed.push_back({*each, most > 1 ? missed_reason::capped : missed_reason::superseded});
    }
    std::ranges::reverse(decision.start);
    std::ranges::reverse(decision.missed);
    if (decision.missed.size() > most_missed_noted)
        decision.missed.erase(decision.missed.begin(), decision.missed.end() - most_missed_noted);
    return decision;
}

}  // namespace orchestrator
