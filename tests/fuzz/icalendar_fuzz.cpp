// Any text as an iCalendar file: refused, or days in order and within bounds.
#include <cstdlib>

#include "adapters/icalendar/reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace orchestrator::fuzz {

void icalendar(std::string_view input) {
    const auto file = orchestrator::icalendar::reader{}.read(std::string{input});
    if (!file) return;
    if (file->left_out.size() > 20) std::abort();
    for (const auto& each : file->holidays) {
        if (each.name.empty() || each.name.size() > 200 || each.dates.empty()) std::abort();
        const auto* before = static_cast<const date_interval*>(nullptr);
        for (const auto& interval : each.dates) {
            const auto year = std::chrono::year_month_day{interval.first}.year();
            if (interval.last < interval.first || (interval.last - interval.first).count() >= 366) std::abort();
            if (year < first_calendar_year || year > last_calendar_year) std::abort();
            if (before && interval.first <= before->last) std::abort();
            before = &interval;
        }
    }
}

}  // namespace orchestrator::fuzz
