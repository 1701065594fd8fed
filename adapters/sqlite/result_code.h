// What SQLite's result codes say (sqlite.org/rescode.html). Pure.
#pragma once

#include "domain/error.h"

namespace orchestrator::sqlite {

// Extended codes, too.
[[nodiscard]] errc meaning_of(int result_code);

}  // namespace orchestrator::sqlite
