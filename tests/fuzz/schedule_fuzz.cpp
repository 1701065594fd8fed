// Any text as the fields of a schedule: refused with what is wrong, or firings that grow, and that survive being
// stored.
#include <boost/json.hpp>

#include <cstdlib>

#include "domain/schedule/timetable.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator::fuzz {

void schedule(std::string_view input) {
    static const auto zone = std::make_shared<const time_zone>(testing_zones::madrid());
    static const auto holidays = std::make_shared<const holiday_set>();
    boost::system::error_code failed;
    boost::json::parse_options bounds;
    bounds.max_depth = 32;
    const auto json = boost::json::parse(input, failed, {}, bounds);
    if (failed) return;
    std::vector<violation> violations;
    json_fields fields{json, "", violations};
    const auto read = read_schedule(fields, {});
    if (!violations.empty()) return;
    std::string unreadable;
    const auto stored =
        schedule_from_store(read.cron_expression, read.timezone, other_fields_for_store(read), unreadable);
    if (!unreadable.empty() || stored != read) std::abort();
    if (!read.is_set()) return;
    const auto times = timetable::make(read, zone, holidays);
    if (!times) std::abort();
    auto cursor = times->cursor();
    sys_seconds at = std::chrono::sys_days{std::chrono::year{2026} / 3 / 20};
    for (int i = 0; i < 20; ++i) {
        const auto next = times->next(at, cursor);
        if (!next) break;
        if (next->at <= at || times->fires_at(next->at) != next) std::abort();
        at = next->at;
    }
}

}  // namespace orchestrator::fuzz
