// How many file descriptors the settings need, against how many this process may have. Pure; asked before anything is
// started, by `config check` and by `doctor`.
#pragma once

#include <cstddef>
#include <expected>

#include "domain/error.h"
#include "server/config.h"

namespace orchestrator::server {

struct descriptor_plan {
    std::size_t limit = 0;             // descriptors that this process may have
    std::size_t needed = 0;            // at most limit
    std::size_t call_connections = 0;  // to services
    std::size_t api_connections = 0;   // of clients
};

// A violation names the setting that is too high, what it needs, and what would fit. Unless the number of API
// connections is set, it is what the limit leaves, within bounds.
[[nodiscard]] std::expected<descriptor_plan, violation> plan_descriptors(const config&, std::size_t limit);

}  // namespace orchestrator::server
