// Any text as a cron expression: refused with a message, or due at times that grow, in a zone that jumps.
#include <cstdlib>

#include "domain/cron/occurrence.h"
#include "domain/cron/parse_cron.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/domain/time_zone/zones.h"

namespace orchestrator::fuzz {

void cron(std::string_view input) {
    static const auto zone = testing_zones::madrid();
    const bool with_seconds = !input.empty() && input[0] == 's';
    const auto expression = parse_cron(input.substr(with_seconds ? 1 : 0), {.seconds_field = with_seconds});
    if (!expression) {
        if (!expression.error().message.starts_with("cron: ") || expression.error().message.size() > 2'000)
            std::abort();
        return;
    }
    for (const auto fold : {fold_policy::first, fold_policy::last, fold_policy::both}) {
        zone_cursor cursor{zone};
        sys_seconds at = std::chrono::sys_days{std::chrono::year{2026} / 10 / 24};
        for (int i = 0; i < 50; ++i) {
            const auto next = next_occurrence(*expression, cursor, at, {.gap = gap_policy::first_valid, .fold = fold});
            if (!next) break;
            if (next->at <= at || next->at >= time_zone::horizon) std::abort();
            at = next->at;
        }
    }
}

}  // namespace orchestrator::fuzz
