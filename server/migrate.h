// `orchestrator migrate`: brings the database to this program's schema, and says what it did.
#pragma once

#include "server/config.h"

namespace orchestrator::server {

// The exit status: 5, the database belongs to a newer program; 6, it cannot be used.
[[nodiscard]] int migrate(const config&, bool as_json);

}  // namespace orchestrator::server
