// What the platform is told of: the end of an execution. The words are the specification's; fields were added, none
// taken away.
#pragma once

#include <string>

#include "domain/execution/execution.h"
#include "domain/identifiers.h"
#include "domain/time.h"

namespace orchestrator {

inline constexpr std::string_view event_exchange = "orchestrator";

struct event {
    event_id id{};  // the same however often it is published
    std::string exchange{};
    std::string routing_key{};
    std::string event_type{};
    std::string payload{};  // JSON
    system_time created_at{};

    bool operator==(const event&) const = default;
};

// Of an execution that has ended: completed (partial ones, too), failed or cancelled.
[[nodiscard]] event end_event(const execution& ended);

}  // namespace orchestrator
