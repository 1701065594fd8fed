// When an event that the broker did not keep is tried again: soon at first, for a queue may be about to be declared,
// then ever more seldom.
#pragma once

#include "domain/time.h"

namespace orchestrator {

// `attempts`: that failed, at least 1. From 1 s, doubled each time, to 5 min.
[[nodiscard]] milliseconds publish_backoff(int attempts);

// The pause of all publishing after `failures` in a row to reach the broker, at least 1: from 0.5 s to 30 s.
[[nodiscard]] milliseconds broker_backoff(int failures);

}  // namespace orchestrator
