// Results of steps that say how long theirs may be used again (`cache_ttl_seconds`), and what executions came to, for
// services that would rather not ask the database. A cache is no store: it may forget at any time, and one that does
// not answer has nothing.
#pragma once

#include <optional>
#include <string>

#include "domain/identifiers.h"
#include "domain/time.h"
#include "ports/task.h"

namespace orchestrator {

// The same for the same tenant, definition and input, and for nothing else.
struct result_key {
    tenant_id tenant{};
    std::string of{};  // the definition, the step, and what it would send

    auto operator<=>(const result_key&) const = default;
};

struct ended_execution {
    execution_id id{};
    std::string workflow_name{};
    std::string summary{};  // domain/execution/end_summary.h
};

class result_cache {
  public:
    virtual ~result_cache() = default;

    virtual task<std::optional<std::string>> find(result_key) = 0;
    virtual task<> keep(result_key, std::string result, milliseconds ttl) = 0;
    // Under its id, and as the latest of its workflow, where others can read it.
    virtual task<> keep_summary(ended_execution, milliseconds ttl) = 0;
};

}  // namespace orchestrator
