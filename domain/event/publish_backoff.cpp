#include "domain/event/publish_backoff.h"

#include "domain/retry/exponential_backoff.h"

namespace orchestrator {

milliseconds publish_backoff(int attempts) {
    return exponential_backoff(milliseconds{1'000}, attempts, std::chrono::minutes{5});
}

milliseconds broker_backoff(int failures) {
    return exponential_backoff(milliseconds{500}, failures, std::chrono::seconds{30});
}

}  // namespace orchestrator
