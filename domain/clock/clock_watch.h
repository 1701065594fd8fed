// Which time to go by, when a wall clock may be wrong: made from the clock of the store, or from that of the machine
// when the store has none, and carried on by a clock that nobody sets. A wall clock that leaps is not followed at once,
// so that one that is wrong for a moment does no harm; and for as long as there is a doubt, nothing is to be done that
// cannot be undone.
#pragma once

#include <optional>
#include <string>

#include "domain/time.h"

namespace orchestrator {

// What one look at the clocks showed.
struct clock_reading {
    steady_time at;                       // by the clock that nobody sets
    system_time own;                      // by the wall clock of this machine
    std::optional<system_time> store{};   // by the clock of the store; nullopt: it has none of its own
    milliseconds uncertainty{0};          // of the store's: half of what the answer took
    std::optional<system_time> newest{};  // the latest moment that is stored
};

struct clock_tolerance {
    milliseconds told{5'000};              // two clocks that differ by more are a problem to tell of
    milliseconds followed{60'000};         // a leap by more is no correction any more
    milliseconds believed_after{300'000};  // ... and is followed when it has lasted for so long
    milliseconds sure_after{900'000};      // and nobody is sure of the time until then
};

class clock_watch {
  public:
    explicit clock_watch(clock_tolerance tolerance = {}) : tolerance_{tolerance} {}

    // From the first reading on there is a time to go by.
    void take(const clock_reading&);
    // The time that is gone by is the reading of the clock that nobody sets, plus this, since 1970.
    [[nodiscard]] milliseconds offset() const { return offset_; }
    [[nodiscard]] system_time time_at(steady_time) const;

    // Is the time that is gone by no other than it was a while ago? Then what it has brought about is due.
    [[nodiscard]] bool is_settled(steady_time at) const { return has_time_ && !leap_ && at >= unsettled_until_; }
    // Do all clocks agree, and have done so for a while? Then that may be done which cannot be undone.
    [[nodiscard]] bool is_sure(steady_time at) const {
        return is_settled(at) && at >= doubtful_until_ && !is_far_away();
    }
    // In words, with what follows from it; nullopt: all clocks agree.
    [[nodiscard]] std::optional<std::string> problem(steady_time at) const;
    // From the time that is gone by to the wall clock of this machine.
    [[nodiscard]] milliseconds own_difference() const { return own_difference_; }

  private:
    [[nodiscard]] bool is_far_away() const;
    void follow(milliseconds candidate, milliseconds uncertainty, steady_time at);
    void doubt(std::string why, steady_time at);

    clock_tolerance tolerance_;
    bool has_time_ = false;
    bool store_has_clock_ = false;
    milliseconds offset_{0};
    milliseconds own_difference_{0};
    struct leap {
        milliseconds offset;
        steady_time seen_at;
    };
    std::optional<leap> leap_;  // that is not followed yet
    std::string doubt_;
    steady_time doubtful_until_{};
    steady_time unsettled_until_{};
};

// "1 d 3 h", "92 d", "45 s": the two largest units that are not 0, to the nearest second.
[[nodiscard]] std::string in_words(milliseconds);

}  // namespace orchestrator
