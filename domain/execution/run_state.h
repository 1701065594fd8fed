// The life of one tenant run as a state machine: which step is ready, what is skipped, when to wait, when to end.
// Knows neither calls nor storage: engine/tenant_run drives it, and asks `next_move` after each change.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "domain/execution/status.h"
#include "domain/time.h"
#include "domain/workflow/workflow.h"

namespace orchestrator {

// A wait that is longer gives its place to other runs.
inline constexpr milliseconds longest_wait_in_place{3'000};

// What the driver does next. `start` and `wake_at` may come together; `end` and `park_until` come alone.
struct run_move {
    step_set start;                         // call these now
    std::optional<steady_time> wake_at;     // ask again then, at the latest
    std::optional<steady_time> park_until;  // store the waits and give the place to others
    std::optional<run_status> end;          // every step has ended
};

struct step_wait {
    std::size_t step;
    int attempts;  // made so far
    steady_time retry_at;
};

class run_state {
  public:
    // `carried_over`: completed in the execution that this one retries; they count for nothing here.
    run_state(const workflow_definition& definition, step_set carried_over);

    // What an earlier claim of this run left behind.
    void restore(std::size_t step, step_status);
    void restore_wait(step_wait);

    [[nodiscard]] run_move next_move(steady_time now) const;

    // The call has begun; `attempts` of earlier calls are kept.
    void begin(std::size_t step);
    // The call did not begin after all.
    void withdraw(std::size_t step);
    // The step has ended. Returns the steps that can never start now; they are skipped from this moment.
    step_set conclude(std::size_t step, step_status);
    // The attempt failed and there will be another.
    void wait(step_wait);
    // No step starts any more; what has not begun is skipped and returned. Steps under way are concluded by the driver.
    step_set cancel();

    // Failed attempts of a step so far.
    [[nodiscard]] int attempts(std::size_t step) const;
    // Every step that failed an attempt and has not ended.
    [[nodiscard]] const std::vector<step_wait>& waits() const { return waits_; }
    [[nodiscard]] step_set waiting() const { return waiting_; }
    [[nodiscard]] step_set running() const { return running_; }
    [[nodiscard]] step_set completed() const { return completed_; }
    [[nodiscard]] step_set failed() const { return failed_; }
    [[nodiscard]] step_set skipped() const { return skipped_; }
    [[nodiscard]] step_set carried_over() const { return carried_over_; }

  private:
    [[nodiscard]] step_set ended() const { return completed_ | failed_ | skipped_; }
    [[nodiscard]] step_set ready() const;
    [[nodiscard]] run_status final_status() const;
    step_set skip_unreachable();

    const workflow_definition* definition_;
    std::vector<step_wait> waits_;  // empty in nearly every run
    step_set carried_over_;
    step_set completed_;
    step_set failed_;
    step_set skipped_;
    step_set running_;
    step_set waiting_;
    bool cancelled_ = false;
};

}  // namespace orchestrator
