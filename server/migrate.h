// `orchestrator migrate`: brings the database to this program's schema, and says what it did.
#pragma once

#include "server/config.h"

namespace orchestrator::server {

int migrate(const config&);

}  // namespace orchestrator::server
