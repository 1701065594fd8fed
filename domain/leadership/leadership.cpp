#include "domain/leadership/leadership.h"

#include <algorithm>

namespace orchestrator {
namespace {

constexpr milliseconds shortest_pause{5};
constexpr milliseconds longest_pause_without_answer{5'000};

}  // namespace

void leadership::granted(steady_time asked_at, std::int64_t epoch) {
    holds_until_ = asked_at + terms_.ttl - terms_.margin();
    next_request_ = asked_at + terms_.heartbeat;
    epoch_ = epoch;
}

// Asks again when the other's lease ends, if nobody renews it, but never later than a heartbeat: it may be given back.
void leadership::refused(steady_time now, milliseconds left) {
    holds_until_ = {};
    next_request_ =
        now + std::clamp(left + milliseconds{1}, shortest_pause, std::max(terms_.heartbeat, shortest_pause));
}

void leadership::unanswered(steady_time now) {
    next_request_ = now + std::clamp(terms_.heartbeat / 4, shortest_pause, longest_pause_without_answer);
}

}  // namespace orchestrator
