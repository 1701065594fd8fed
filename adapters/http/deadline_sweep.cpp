// The sweep: see deadline_sweep.h.
#include "adapters/http/deadline_sweep.h"

namespace orchestrator::http {

void deadline_sweep::add(entry& entry) {
    entries_.push_back(entry);
    if (!armed_) arm();
}

void deadline_sweep::arm() {
    armed_ = true;
    timer_.expires_after(resolution_);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (self && !error) self->tick();
    });
}

void deadline_sweep::tick() {
    armed_ = false;
    const auto now = std::chrono::steady_clock::now();
    for (auto& entry : entries_) {
        if (entry.deadline > now) continue;
        entry.deadline = never;
        entry.expire(now);
    }
    // Not ended earlier than this: a context with nothing else to do returns at most one tick late.
    if (!entries_.empty()) arm();
}

}  // namespace orchestrator::http
