// What a PostgreSQL server says of itself, for who looks whether all is well.
#pragma once

#include <string>

#include "adapters/postgresql/connection.h"

namespace orchestrator::postgresql {

struct server_state {
    std::string version;
    int version_number = 0;  // 150018
    bool is_read_only = false;
    bool flushes_commits = true;
    bool may_create = true;  // tables in the current schema
    system_time clock{};
    int schema_version = 0;  // of our tables; 0: there are none
};

// Throws database_error.
[[nodiscard]] server_state look_at_server(connection&);

}  // namespace orchestrator::postgresql
