#include "domain/retry/exponential_backoff.h"

#include <algorithm>

namespace orchestrator {

milliseconds exponential_backoff(milliseconds first, int attempts, milliseconds longest) {
    // 2^20 of even a millisecond is beyond every bound: the shift stays far from overflow.
    const auto grown = first * (std::int64_t{1} << std::clamp(attempts - 1, 0, 20));
    return std::min(longest, grown);
}

}  // namespace orchestrator
