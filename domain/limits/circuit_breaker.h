// Is the service there at all? Nygard's circuit breaker ("Release It!", 2007) for work that waits instead of being
// shed.
//
//     closed      calls go through. Opens when at least half of 20 or more calls within 10 s failed, or when five in a
//                 row could not even connect
//     open        nothing is called, for 1 s, then twice as long each time up to 60 s
//     half open   up to three calls of real work are probes. Two that succeed close it, two that fail open it again
//
// What others' breakers got wrong is impossible here by construction: a probe is a number that dies with its round, so
// that none leaks and none that comes late counts; a probe that is given back unused, or that takes too long (5 s;
// up to 30 s once several have), makes room for another; answers to calls of before the opening change nothing. From
// every state a service that is well leads to closed within 70 s of asking. Pure; used by service_gate.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/limits/last_seconds.h"
#include "domain/time.h"

namespace orchestrator {

enum class breaker_state { closed, open, half_open };
[[nodiscard]] std::string_view to_string(breaker_state);

// What the end of a call says about whether the service is there.
enum class call_health {
    well,         // it answered, be it with a refusal
    failed,       // 5xx, a timeout, an answer that broke off
    unreachable,  // no connection
    unknown,      // nothing: we ended it ourselves
};

class circuit_breaker {
  public:
    // A call that may start: as a probe of this round, or as one of many (0).
    struct pass {
        std::int64_t round = 0;  // of all openings; what belongs to an older one does not count
        bool is_probe = false;
    };

    [[nodiscard]] bool may_start(steady_time now) const;
    // Call only if it may.
    [[nodiscard]] pass start(steady_time now);
    // The call has ended, or was never made (unknown). `jitter`: a draw from [0, 1).
    void end(pass, call_health, steady_time now, double jitter);

    [[nodiscard]] breaker_state state(steady_time now) const;
    // When `may_start` turns true by itself; nullopt: it is, or an answer decides.
    [[nodiscard]] std::optional<steady_time> next_change(steady_time now) const;

    // Of the last ten seconds while closed.
    struct recent_calls {
        int all = 0;
        int failed = 0;

        recent_calls& operator+=(recent_calls more) {
            all += more.all;
            failed += more.failed;
            return *this;
        }
    };
    [[nodiscard]] recent_calls recent(steady_time now) const { return calls_.sum(now); }
    // When it opened last without having closed since.
    [[nodiscard]] std::optional<steady_time> open_since() const { return open_since_; }

  private:
    void open(steady_time now, double jitter);
    void close();
    [[nodiscard]] int probes_under_way(steady_time now) const;
    [[nodiscard]] milliseconds patience() const;

    last_seconds<recent_calls> calls_;
    int unreachable_in_a_row_ = 0;
    std::int64_t round_ = 0;
    int openings_ = 0;                       // in a row, without having closed
    std::optional<steady_time> open_until_;  // nullopt: closed
    std::optional<steady_time> open_since_;
    std::array<std::optional<steady_time>, 3> probes_;  // when each began
    int probes_late_ = 0;                               // that others took the place of
    int probes_well_ = 0;
    int probes_failed_ = 0;
};

}  // namespace orchestrator
