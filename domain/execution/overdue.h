// What of an execution is to end although nobody works on it: its deadline has passed, or its cancellation was
// requested. Decided by time and by counters alone, so that it holds for an execution whose definition this version
// cannot read. engine/deadline_sweeper asks; execution_store::end_runs carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/execution/execution.h"

namespace orchestrator {

enum class end_cause {
    deadline,
    cancellation,
};

// How long who works on a run is given to end it by itself.
struct end_graces {
    milliseconds waiting{
        5'000};  // after the deadline: runs that nobody holds, and planning; that after a cancellation, too
    milliseconds held{60'000};  // after the deadline or the cancellation: all that is left
};

// Runs of one execution that end without being worked on: each step that has no outcome is skipped.
struct run_ending {
    execution_id execution;
    end_cause cause = end_cause::deadline;
    milliseconds grace{0};     // nothing ends unless so much has passed since then
    bool is_held_too = false;  // the runs that an instance holds end as well, and its claims are lost

    bool operator==(const run_ending&) const = default;
};

struct overdue_work {
    std::optional<std::string> planning_problem;  // planning is over, and this is why; empty: by the cancellation
    run_ending runs;
};

// nullopt: nothing is overdue.
[[nodiscard]] std::optional<overdue_work> find_overdue_work(const execution& open, end_graces, system_time now);

// Has its time come?
[[nodiscard]] bool is_time_for(const run_ending&, const execution&, system_time now);
// The result of a step that had none; of which run and step, the caller says.
[[nodiscard]] step_record skipped_step(end_cause, system_time now);
// Goes behind its error_message, before the name of the service that the run waited to call; empty: nothing does.
[[nodiscard]] std::string_view words_before_service(end_cause);
// One line in the log of the execution for all runs that ended at once.
[[nodiscard]] log_entry end_log(end_cause, std::int64_t runs, system_time now);

// How many of an execution's runs have `most_steps` steps together; at least 1.
[[nodiscard]] int runs_of_steps(int most_steps, std::int64_t all_steps, std::int64_t all_runs);

}  // namespace orchestrator
