// An execution as the engine holds it while runs of it are under way: its compiled definition and how to end it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/execution/execution.h"
#include "domain/workflow/workflow.h"
#include "engine/call_limits.h"
#include "ports/clock.h"
#include "ports/execution_store.h"
#include "ports/http_message.h"
#include "ports/task.h"

namespace orchestrator {

// Name of a service in workflow definitions -> where it is. Lives as long as the process.
using service_directory = std::map<std::string, http_origin, std::less<>>;

struct active_execution {
    execution_id id;
    workflow_definition definition;
    steady_time deadline;
    bool cancelled = false;  // true before `stop` is requested, if that is for a cancellation
    bool abandoned = false;  // its runs are others' now; true before `stop` is requested
    std::stop_source stop;   // ends the calls in flight
    struct target {
        const http_origin* origin;  // nullptr: the service is configured no longer
        int service;                // for call_limits
        std::uint64_t route = 0;    // tells its latency from that of other steps of the service
    };
    std::vector<target> targets;  // by step index
};

class active_executions {
  public:
    active_executions(execution_store& store, clock& time, call_limits& limits, const service_directory& services)
        : store_{store}, time_{time}, limits_{limits}, services_{services} {}

    // From memory, or read from the store. An error is the store's, or a definition that this version cannot read.
    task<result<std::shared_ptr<active_execution>>> find(execution_id);
    // Open executions that this version cannot work on, and why. From any thread.
    [[nodiscard]] std::map<execution_id, std::string> unreadable() const;
    // Ends the calls in flight of an execution whose cancellation was requested.
    void cancel(execution_id);
    // It has ended. Runs that still hold it keep it alive.
    void forget(execution_id);
    // What has ended elsewhere is not in `open`: it is forgotten unless a run still holds it.
    void forget_others(const std::set<execution_id>& open);
    // All runs stop where they are, and nothing more is recorded of them: they are others' now.
    void abandon_all();
    // Ends all calls in flight without recording them: this instance stops.
    void stop_all();

  private:
    struct unreadable_execution {
        std::string why;
        steady_time looked_at;
    };

    task<result<std::shared_ptr<active_execution>>> read(execution_id);
    [[nodiscard]] std::optional<error> known_as_unreadable(execution_id) const;
    std::shared_ptr<active_execution> make(const execution&, workflow_definition);

    execution_store& store_;
    clock& time_;
    call_limits& limits_;
    const service_directory& services_;
    std::map<execution_id, std::shared_ptr<active_execution>> active_;
    std::multiset<execution_id> reading_;         // `find` waits for the store, which may answer as it was before
    std::set<execution_id> cancelled_meanwhile_;  // of those
    mutable std::mutex guard_;                    // of the next one
    std::map<execution_id, unreadable_execution> unreadable_;
};

}  // namespace orchestrator
