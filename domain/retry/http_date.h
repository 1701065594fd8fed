// A date of HTTP (RFC 9110, 5.6.7), in each of the three forms that a recipient has to read. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "domain/time.h"

namespace orchestrator {

//     Sun, 06 Nov 1994 08:49:37 GMT     the form of today
//     Sunday, 06-Nov-94 08:49:37 GMT    of RFC 850: a year that would lie more than 50 years after `now` is a past one
//     Sun Nov  6 08:49:37 1994          of asctime()
//
// nullopt: none of them. The day of the week has to be one, and need not be the right one.
[[nodiscard]] std::optional<system_time> parse_http_date(std::string_view, system_time now);

}  // namespace orchestrator
