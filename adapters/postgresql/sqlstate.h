// What PostgreSQL's error codes say (its manual, appendix A). Pure.
#pragma once

#include <string_view>

#include "domain/error.h"

namespace orchestrator::postgresql {

[[nodiscard]] errc meaning_of(std::string_view sqlstate);

// Is the session of no use after it? Another host may have become the one that takes writes, or what was prepared does
// not fit any more.
[[nodiscard]] bool ends_session(std::string_view sqlstate);

}  // namespace orchestrator::postgresql
