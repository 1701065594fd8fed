// Reads an expression of cron in the dialect of Vixie cron, with two extensions.
//
// Five fields: minute, hour, day-of-month, month, day-of-week. Each is a list of "*", values, ranges "a-b", and either
// with a step "/n". Months and weekdays have names (three letters); 0 and 7 are Sunday. @yearly, @annually, @monthly,
// @weekly,
// @daily, @midnight and @hourly stand for a whole expression. Extensions: "L" (the last day of the month) and "L-3" in
// day-of-month; "5L" (the last Friday) and "5#2" (the second one) in day-of-week.
#pragma once

#include <string_view>

#include "domain/cron/cron_expression.h"
#include "domain/error.h"

namespace orchestrator {

struct cron_options {
    bool seconds_field = false;  // six fields, the first one seconds
};

// invalid_argument, with every bad field named at once: `cron: minute "61" is outside 0-59`. An expression that no date
// can match is refused, too.
[[nodiscard]] result<cron_expression> parse_cron(std::string_view text, cron_options = {});

}  // namespace orchestrator
