// What the API may tell the engine, and ask of it. Every function may be called from any thread and returns at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/identifiers.h"
#include "domain/time.h"
#include "engine/service_view.h"

namespace orchestrator {

// Something that is slow, short or wrong, although this instance works. An operator reads it; nothing decides by it.
struct health_problem {
    std::string kind;     // service, planning, execution, loop, store, clock, schedule, events, descriptors
    std::string subject;  // which one: the name of a service, the id of an execution
    std::string message;

    bool operator==(const health_problem&) const = default;
};

struct engine_health {
    bool accepting = true;                 // false while this instance drains
    std::optional<error> store_problem;    // why nothing can be recorded at the moment; nullopt: all is well
    std::vector<health_problem> problems;  // of neighbours and of this machine; empty: none is known
    bool leads = false;
    std::int64_t refused_writes = 0;     // outcomes that came too late: others had taken up the run
    std::int64_t refused_decisions = 0;  // of this instance as a leader, after another one had begun to lead
    milliseconds clock_difference{0};    // from the time that is followed to the clock of this machine
    int active_runs = 0;
    int calls_in_flight = 0;
};

class run_control {
  public:
    virtual ~run_control() = default;

    // An execution was opened in the store: plan it now rather than at the next look.
    virtual void execution_opened(execution_id) = 0;
    // Its cancellation was requested in the store: end its calls in flight now.
    virtual void cancel_requested(execution_id) = 0;
    // A workflow, a schedule or a calendar was changed in the store: follow it now.
    virtual void schedules_changed() = 0;
    [[nodiscard]] virtual engine_health health() const = 0;
    // As of a moment ago, every service that a workflow has called since the start.
    [[nodiscard]] virtual std::vector<service_view> services() const = 0;
};

}  // namespace orchestrator
