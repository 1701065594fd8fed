// Where time zones come from. A zone that was handed out stays as it was, whatever happens to its source.
#pragma once

#include <memory>
#include <string>

#include "domain/error.h"
#include "domain/time_zone/time_zone.h"

namespace orchestrator {

class zone_source {
  public:
    virtual ~zone_source() = default;

    // `name`: of the IANA database, "Europe/Madrid". invalid_argument: there is none of this name (the message names a
    // near one), or its data cannot be read. From any thread.
    [[nodiscard]] virtual result<std::shared_ptr<const time_zone>> find(const std::string& name) = 0;
};

}  // namespace orchestrator
