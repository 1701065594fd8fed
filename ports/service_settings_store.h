// What operators set for services: fewer calls, or a pause. Every instance reads it with its heartbeat. Safe to call
// from any thread's coroutine; each call is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/limits/service_setting.h"
#include "ports/task.h"

namespace orchestrator {

// What is nullopt stays as it is.
struct service_change {
    std::string service{};
    std::optional<std::optional<int>> max_calls{};             // the inner nullopt lifts it
    std::optional<std::optional<system_time>> paused_until{};  // likewise
    std::optional<std::string> reason{};
};

class service_settings_store {
  public:
    virtual ~service_settings_store() = default;

    // By name. A service that nobody has touched is not among them.
    virtual task<result<std::vector<service_setting>>> list_service_settings() = 0;
    // In one step, so that two who change different things of a service at once both succeed. Returns what holds now.
    virtual task<result<service_setting>> change_service(service_change, system_time now) = 0;
};

}  // namespace orchestrator
