// A URL as libpq reads it, judged without a connection: libpq's own words about it may repeat a password.
#pragma once

#include <string>

#include "domain/error.h"

namespace orchestrator::postgresql {

// invalid_argument: libpq would not take it, or would take a piece of the password for something else. The message
// repeats nothing of it.
[[nodiscard]] result<void> check_url(const std::string& url);

}  // namespace orchestrator::postgresql
