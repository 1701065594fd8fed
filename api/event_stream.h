// The event stream of one execution (server-sent events, docs/api.md): first every log after the one that the client
// saw last, then logs and progress as they come, then the end. It asks the store again and again instead of being
// told, so that it works on every instance alike and costs a running execution nothing when nobody looks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/api.h"

namespace orchestrator::api {

struct stream_options {
    execution_id execution;
    std::int64_t after = 0;  // the sequence of the last log that the client has
    bool logs = true;
};

class event_stream {
  public:
    static constexpr int logs_per_page = 200;
    static constexpr milliseconds look_interval{250};  // also the least time between two progress events
    static constexpr milliseconds keep_alive_interval{15'000};

    event_stream(const api_dependencies&, stream_options);

    // The next piece, after a wait if there is none yet; nullopt after the end. One call at a time. Takes the stream
    // by value: whoever abandons the answer may drop everything else while this waits.
    static task<std::optional<std::string>> next(std::shared_ptr<event_stream>);

  private:
    // What of an execution makes a new progress event worth sending. Time that passes is not.
    struct progress_mark {
        execution_status status;
        bool planning_complete;
        bool cancel_requested;
        tenant_counts tenants;
        step_counts steps;

        explicit progress_mark(const execution&);
        bool operator==(const progress_mark&) const = default;
    };

    task<> look(std::string& chunk);
    task<bool> append_logs(std::string& chunk);
    task<> append_state(std::string& chunk, execution);
    void give_up_unless_passing(const error&);

    execution_store& executions_;
    clock& time_;
    stream_options options_;
    bool opened_ = false;
    bool caught_up_ = false;  // every log that stood at the beginning has been sent
    bool ended_ = false;
    steady_time next_look_{};
    steady_time progress_due_{};
    steady_time last_sent_{};
    std::optional<progress_mark> sent_;
};

}  // namespace orchestrator::api
