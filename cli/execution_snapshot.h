// An execution as the API answers it, as far as the displays and the report need it.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/time.h"

namespace orchestrator::cli {

struct step_progress {
    std::string name;
    std::int64_t total = 0;  // tenants planned so far
    std::int64_t completed = 0;
    std::int64_t failed = 0;
    std::int64_t skipped = 0;
    std::int64_t retries = 0;
    std::optional<milliseconds> p50{};
    std::optional<milliseconds> p95{};

    [[nodiscard]] std::int64_t ended() const { return completed + failed + skipped; }
    bool operator==(const step_progress&) const = default;
};

struct tenant_counts {
    std::int64_t total = 0;
    std::int64_t completed = 0;
    std::int64_t partial = 0;
    std::int64_t failed = 0;
    std::int64_t cancelled = 0;

    [[nodiscard]] std::int64_t ended() const { return completed + partial + failed + cancelled; }
    bool operator==(const tenant_counts&) const = default;
};

struct execution_snapshot {
    std::string id;
    std::string workflow_name;
    std::string status;
    std::string error_message;  // empty: none
    bool cancel_requested = false;
    bool planning_complete = false;
    std::optional<system_time> created_at;
    std::optional<system_time> started_at;
    std::optional<milliseconds> duration;  // nullopt before the start
    std::optional<double> steps_per_second;
    tenant_counts tenants;
    std::vector<step_progress> steps;  // in the order of the workflow

    [[nodiscard]] bool has_ended() const;
    // How long it took, or has taken until `now`.
    [[nodiscard]] milliseconds elapsed(system_time now) const;
};

// nullopt unless it is an object with an id and a status: then something else than an orchestrator has answered.
[[nodiscard]] std::optional<execution_snapshot> read_execution(const boost::json::value&);

}  // namespace orchestrator::cli
