// What a store knows of the time: the one clock that all instances share.
#pragma once

#include <optional>

#include "domain/error.h"
#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator {

struct store_time {
    std::optional<system_time> now{};     // nullopt: the store has no clock of its own
    std::optional<system_time> newest{};  // the latest moment that somebody was at work; nullopt: none is stored
};

class clock_store {
  public:
    virtual ~clock_store() = default;

    virtual task<result<store_time>> read_clock() = 0;
};

}  // namespace orchestrator
