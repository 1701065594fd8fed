// Reads a compiled zone file (TZif, RFC 9636), with the rule in its footer expanded to the horizon: a zone file that is
// built "fat" ends its table in 2037, and only the footer knows what comes then (docs/decisions/0011).
#pragma once

#include <string>
#include <string_view>

#include "domain/error.h"
#include "domain/time_zone/time_zone.h"

namespace orchestrator {

// `name`: for the zone and for messages. `bytes`: the whole file; hostile input is refused, never trusted.
// invalid_argument: what is wrong with the file.
[[nodiscard]] result<time_zone> parse_tzif(std::string name, std::string_view bytes);

}  // namespace orchestrator
