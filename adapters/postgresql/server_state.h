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
    std::string encoding{};
    system_time clock{};
    std::string closed_tables{};  // of ours, that this user may not read and write, or not partition; empty: none
    int schema_version = 0;       // of our tables; 0: there are none, or they are closed
};

// What a database of this encoding cannot hold, and what comes of it; empty: it holds every text, or it is not known.
[[nodiscard]] std::string limitation_of(std::string_view encoding);

// Throws database_error.
[[nodiscard]] server_state look_at_server(connection&);

// Does a pooler stand between, and hand one session of the server to both in turn? Throws database_error.
[[nodiscard]] bool share_a_session(connection& one, connection& other);

}  // namespace orchestrator::postgresql
