// The growth that every wait after failures shares. Pure; who wants jitter adds it.
#pragma once

#include "domain/time.h"

namespace orchestrator {

// The wait after the `attempts`-th failure in a row: `first`, doubled with each further one, `longest` at most.
[[nodiscard]] milliseconds exponential_backoff(milliseconds first, int attempts, milliseconds longest);

}  // namespace orchestrator
