// From times on the wall to instants: when a cron expression is due in a zone whose clocks jump.
//
// An expression that is due in every hour follows the clock: times that do not exist are not made up for, and an hour
// that occurs twice counts twice. Any other names times of the day: one that falls into a gap is due at the first valid
// instant after it, one that occurs twice is due at its first occurrence, unless the schedule says otherwise. Several
// nominal times that fall on one instant are one occurrence.
#pragma once

#include <optional>

#include "domain/cron/cron_expression.h"
#include "domain/time_zone/time_zone.h"

namespace orchestrator {

enum class gap_policy {
    first_valid,  // the first instant after the gap
    skip,         // not at all on that day
};
enum class fold_policy { first, last, both };

struct clock_policy {
    gap_policy gap = gap_policy::first_valid;
    fold_policy fold = fold_policy::first;

    bool operator==(const clock_policy&) const = default;
};

struct occurrence {
    enum class kind { regular, after_gap, first_of_fold, second_of_fold };

    sys_seconds at;
    local_seconds nominal;  // what the expression says; differs from the clock after a gap
    kind what = kind::regular;

    bool operator==(const occurrence&) const = default;
};

// The first occurrence after `after`; nullopt: none before 2101. Asked with the result, it gives the next one: each
// instant once, in order.
[[nodiscard]] std::optional<occurrence> next_occurrence(const cron_expression&, zone_cursor&, sys_seconds after,
                                                        clock_policy = {});

}  // namespace orchestrator
