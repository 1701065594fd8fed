// The time that an instance goes by (domain/clock/clock_watch.h), and a clock that shows it. Everything that is decided
// by the time of day goes by this one; the wall clock of the machine is only one of its sources.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "domain/clock/clock_watch.h"
#include "engine/run_control.h"
#include "ports/clock.h"
#include "ports/clock_store.h"

namespace orchestrator {

class trusted_time {
  public:
    // Until the first look it is what the machine's own clock shows.
    trusted_time(const clock& own, clock_store& store);

    // Asks the store. With each heartbeat, and once before anything goes by the time.
    task<result<void>> look();

    // From any thread.
    [[nodiscard]] system_time at(steady_time unset) const;
    // As in clock_watch: what is due may end, and what cannot be undone may be done.
    [[nodiscard]] bool is_settled() const;
    [[nodiscard]] bool is_sure() const;
    [[nodiscard]] std::optional<health_problem> problem() const;
    // From the time that is gone by to the machine's own clock.
    [[nodiscard]] milliseconds own_difference() const;

  private:
    const clock& own_;
    clock_store& store_;
    std::atomic<milliseconds::rep> offset_;
    mutable std::mutex guard_;
    clock_watch watch_;
    std::optional<std::string> told_;
};

// For one executor: sleeps as `inner` does, and shows the time that is trusted.
class trusted_clock final : public clock {
  public:
    trusted_clock(clock& inner, const trusted_time& time) : inner_{inner}, time_{time} {}

    [[nodiscard]] system_time now() const override { return time_.at(inner_.unset_now()); }
    [[nodiscard]] steady_time steady_now() const override { return inner_.steady_now(); }
    [[nodiscard]] steady_time unset_now() const override { return inner_.unset_now(); }
    [[nodiscard]] steady_time steady_at(system_time) const override;
    task<> sleep_until(steady_time until, std::stop_token stop) override { return inner_.sleep_until(until, stop); }

  private:
    clock& inner_;
    const trusted_time& time_;
};

}  // namespace orchestrator
