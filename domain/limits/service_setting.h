// What an operator set for a service: fewer calls, or a pause. A row of orchestrator_service_settings.
#pragma once

#include <optional>
#include <string>

#include "domain/time.h"

namespace orchestrator {

struct service_setting {
    std::string service;
    std::optional<int> max_calls;             // in flight from each instance; nullopt: as configured
    std::optional<system_time> paused_until;  // nullopt, or in the past: not paused
    std::string reason;                       // why, for whoever reads it later
    system_time updated_at;

    bool operator==(const service_setting&) const = default;
};

}  // namespace orchestrator
