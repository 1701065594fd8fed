#include "domain/schedule/backfill.h"

#include <set>

namespace orchestrator {
namespace {

// No clock is further from UTC, and nothing is moved by a gap any further.
constexpr std::chrono::hours widest_offset{48};

}  // namespace

std::vector<sys_seconds> occurrences_in(std::span<const timetable* const> tables, backfill_range range,
                                        sys_seconds now) {
    const auto begin = sys_seconds{range.start_date.time_since_epoch()} - widest_offset;
    const auto end = std::min(now, sys_seconds{range.end_date.time_since_epoch()} + widest_offset);
    std::set<sys_seconds> found;
    for (const auto* table : tables) {
        auto cursor = table->cursor();
        std::size_t taken = 0;
        for (auto next = table->next(begin, cursor); next && next->at <= end && taken <= most_backfill_occurrences;
             next = table->next(next->at, cursor)) {
            const auto day = std::chrono::floor<std::chrono::days>(next->nominal);
            if (day < range.start_date || day > range.end_date) continue;
            found.insert(next->at);
            ++taken;
        }
    }
    std::vector<sys_seconds> listed{found.begin(), found.end()};
    if (listed.size() > most_backfill_occurrences) listed.resize(most_backfill_occurrences + 1);
    return listed;
}

}  // namespace orchestrator
