// Does this instance lead, and when does it ask next? A small machine without I/O: it is told what became of each
// request for the lease, with the monotonic time at which the request was sent, since the lease counts from then at the
// earliest.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/time.h"

namespace orchestrator {

struct leadership_terms {
    milliseconds ttl{90'000};        // how long a lease holds without renewal
    milliseconds heartbeat{30'000};  // how often it is renewed; at most a third of the ttl, so that one may be lost

    // A leader stops so much before the end of its lease: clocks do not run at quite the same speed.
    [[nodiscard]] milliseconds margin() const { return ttl / 20; }
    [[nodiscard]] bool are_valid() const { return heartbeat > milliseconds{0} && heartbeat * 3 <= ttl; }
};

class leadership {
  public:
    explicit leadership(leadership_terms terms) : terms_{terms} {}

    // The lease is ours, as of a request sent at `asked_at`, under `epoch`.
    void granted(steady_time asked_at, std::int64_t epoch);
    // It is somebody else's for `left` from `now` on; not positive: nobody's, and worth another try at once.
    void refused(steady_time now, milliseconds left);
    // Nobody knows: what we hold we hold until its end.
    void unanswered(steady_time now);
    void resigned() { holds_until_ = {}; }

    [[nodiscard]] bool leads(steady_time now) const { return now < holds_until_; }
    // Of the latest lease that was ours, over or not; 0: there was none.
    [[nodiscard]] std::int64_t epoch() const { return epoch_; }
    [[nodiscard]] steady_time holds_until() const { return holds_until_; }
    [[nodiscard]] steady_time next_request() const { return next_request_; }

  private:
    leadership_terms terms_;
    steady_time holds_until_{};
    steady_time next_request_{};
    std::int64_t epoch_ = 0;
};

}  // namespace orchestrator
