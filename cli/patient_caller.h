// Calls that outlast an outage: a server that restarts does not end a command that waits for an execution.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/api_client.h"
#include "cli/pacing.h"

namespace orchestrator::cli {

class outage_listener {
  public:
    virtual ~outage_listener() = default;

    // Before each new attempt. `first` is true once for each outage.
    virtual void away(const std::string& reason, milliseconds patience_left, bool first) = 0;
    virtual void back(milliseconds after) = 0;
};

class patient_caller {
  public:
    static constexpr milliseconds patience{30'000};
    static constexpr milliseconds between_attempts{500};

    patient_caller(pacing& pace, outage_listener& listener) : pace_{pace}, listener_{listener} {}

    // The body of the answer; nullopt when the person interrupts. Throws command_failure for a refusal at once, and for
    // an outage once it has lasted 30 s.
    [[nodiscard]] std::optional<boost::json::value> ask(const std::function<api_result()>& call);

  private:
    pacing& pace_;
    outage_listener& listener_;
};

}  // namespace orchestrator::cli
