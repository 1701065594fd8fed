// Any text as a calendar: refused with what is wrong, or a set of days that agrees with itself.
#include <boost/json.hpp>

#include <cstdlib>

#include "domain/calendar/holiday_set.h"
#include "tests/fuzz/fuzz_target.h"

namespace orchestrator::fuzz {

void calendar(std::string_view input) {
    boost::system::error_code failed;
    boost::json::parse_options bounds;
    bounds.max_depth = 32;
    const auto json = boost::json::parse(input, failed, {}, bounds);
    if (failed) return;
    const auto read = parse_calendar(json);
    if (!read) {
        if (read.error().empty()) std::abort();
        return;
    }
    const orchestrator::calendar layers[] = {*read};
    const holiday_set days{layers};
    const local_days first{first_calendar_year / 1 / 1};
    const local_days last{last_calendar_year / 12 / 31};
    auto day = days.next_from(first);
    for (int seen = 0; day && seen < 1'000; ++seen) {
        if (*day < first || *day > last || !days.contains(*day) || days.is_business_day(*day)) std::abort();
        if (days.on(*day).empty()) std::abort();
        if (const auto after = days.business_day_after(*day); after && *after <= *day) std::abort();
        const auto next = days.next_from(*day + std::chrono::days{1});
        if (next && *next <= *day) std::abort();
        day = next;
    }
}

}  // namespace orchestrator::fuzz
