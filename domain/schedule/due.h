// What to start now: the occurrences of a schedule that are due, those that were missed, and when to look again. Pure:
// the scheduler asks it at start, after each change, and whenever a start has come.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "domain/identifiers.h"
#include "domain/schedule/timetable.h"
#include "domain/time.h"

namespace orchestrator {

// From what an occurrence is called (scheduled_for) to when it is started: earlier, so that it is ready by then, or a
// little later, so that not all start at once.
struct start_shift {
    std::chrono::seconds lead{0};    // for ready_by, see lead_estimate
    std::chrono::seconds jitter{0};  // at most; 0: none
    workflow_id workflow{};          // makes its delays differ from others'

    // Always the same for the same occurrence.
    [[nodiscard]] sys_seconds start_of(sys_seconds scheduled_for) const;
};

enum class missed_reason {
    superseded,  // a later one is started instead: fire_once
    too_old,     // older than the grace time
    skipped,     // misfire_policy skip
    capped,      // more than fire_all starts at once, or than may wait in a queue
};

[[nodiscard]] std::string_view to_string(missed_reason);
[[nodiscard]] std::optional<missed_reason> parse_missed_reason(std::string_view);

struct missed_firing {
    firing what;
    missed_reason why;

    bool operator==(const missed_firing&) const = default;
};

struct due_decision {
    std::vector<firing> start;          // in order
    std::vector<missed_firing> missed;  // in order; of a long absence the latest 1,000
    // Every occurrence up to here is decided. Never earlier than what was given.
    sys_seconds decided_until;
    std::optional<sys_seconds> next_start;  // when to ask again; nullopt: never due again
};

inline constexpr std::chrono::seconds on_time{60};  // later than this is a misfire
inline constexpr std::size_t most_fired_at_once = 100;
inline constexpr std::size_t most_missed_noted = 1'000;

inline constexpr std::size_t most_queued = 10;  // with overlap_policy queue

struct misfire_rules {
    misfire_policy policy = misfire_policy::fire_once;
    std::chrono::seconds grace{21'600};
    // With overlap_policy queue: until when an execution of the workflow was under way. What was due by then has waited
    // for its end, and was not missed.
    std::optional<sys_seconds> busy_until{};
};

// A decision lies ahead of its time by the longest lead that there may be; beyond that, who made it went by a clock
// that was wrong.
[[nodiscard]] bool is_decided_too_far(sys_seconds decided_until, std::chrono::seconds longest_lead, sys_seconds now);

// `timetables`: at least one; several when a schedule holds on the clocks of several groups of tenants. Then the policy
// holds for each group, and what is due for several at one instant is one occurrence.
[[nodiscard]] due_decision decide_due(std::span<const timetable* const> timetables, const start_shift&,
                                      const misfire_rules&, sys_seconds decided_until, sys_seconds now);

}  // namespace orchestrator
