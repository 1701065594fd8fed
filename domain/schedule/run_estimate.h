// What an execution is going to take, from what the latest ones took. Pure; for dry runs.
#pragma once

#include <optional>
#include <span>

#include "domain/execution/execution.h"

namespace orchestrator {

struct run_estimate {
    std::int64_t calls = 0;             // to the platform's services, attempts that are repeated included
    std::optional<milliseconds> usual;  // median; nullopt: nothing was measured yet
    std::optional<milliseconds> slow;   // 0.95 quantile
    std::size_t samples = 0;            // executions that it is derived from; 0: from the definition alone
    bool operator==(const run_estimate&) const = default;
};

inline constexpr double slow_quantile = 0.95;

// `past`: executions of the workflow, of which those count that came to their end with at least one tenant and were no
// retries. Time and calls grow with the tenants. `steps`: of the workflow.
[[nodiscard]] run_estimate estimate_run(std::span<const execution> past, std::int64_t tenants, std::int64_t steps);

}  // namespace orchestrator
