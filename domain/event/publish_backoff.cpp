#include "domain/event/publish_backoff.h"

#include <algorithm>

namespace orchestrator {
namespace {

milliseconds doubled(milliseconds first, int times, milliseconds longest) {
    constexpr int most = 20;  // beyond any longest wait
    return std::min(first * (1 << std::clamp(times, 0, most)), longest);
}

}  // namespace

milliseconds publish_backoff(int attempts) {
    return doubled(milliseconds{1'000}, attempts - 1, std::chrono::minutes{5});
}

milliseconds broker_backoff(int failures) { return doubled(milliseconds{500}, failures - 1, std::chrono::seconds{30}); }

}  // namespace orchestrator
