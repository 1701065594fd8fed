// The message broker, for publishing.
#pragma once

#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/event/event.h"
#include "ports/task.h"

namespace orchestrator {

// Empty: the broker has taken responsibility for the event, and at least one queue has it. Otherwise: what is wrong.
using publish_problem = std::string;

class event_bus {
  public:
    virtual ~event_bus() = default;

    // One answer for each event, in order: a confirmation, or why there is none. service_failed: the broker is away, or
    // takes nothing, and nothing is known of any of them.
    virtual task<result<std::vector<publish_problem>>> publish(std::vector<event>) = 0;
};

}  // namespace orchestrator
