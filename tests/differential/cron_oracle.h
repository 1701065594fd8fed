// A second opinion on when a cron expression is due, written to be obviously right and nothing else: it looks at each
// minute (at each second where clocks are off by seconds), and each field is read anew from its text. It shares with
// domain/cron only the offsets of the zones, which zone_offsets.py holds against another implementation.
#pragma once

#include <string>
#include <vector>

#include "domain/time_zone/time_zone.h"

namespace orchestrator::differential {

// All instants in (from, to] at which the five fields of `expression` are due, in order.
[[nodiscard]] std::vector<sys_seconds> due_between(const std::string& expression, const time_zone& zone,
                                                   sys_seconds from, sys_seconds to);

}  // namespace orchestrator::differential
