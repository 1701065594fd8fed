// orchestrator_service_settings: what operators set for services. Synchronous; called by store.cpp on a worker's
// thread.
#pragma once

#include <vector>

#include "adapters/sqlite/connection.h"
#include "ports/service_settings_store.h"

namespace orchestrator::sqlite {

std::vector<service_setting> list_service_settings(connection&);
service_setting change_service(connection&, const service_change&, system_time now);

}  // namespace orchestrator::sqlite
