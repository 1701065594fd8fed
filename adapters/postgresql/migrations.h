// Brings a database to the schema of this program.
#pragma once

#include <functional>
#include <string_view>

#include "adapters/postgresql/connection.h"

namespace orchestrator::postgresql {

// For `answer_timeout` of a connection that migrates: a new index on a long history takes its time.
inline constexpr milliseconds longest_migration = std::chrono::hours{24};

[[nodiscard]] int newest_schema_version();
// 0: the database is empty.
[[nodiscard]] int schema_version(connection&);
// Applies what is missing, one transaction each, under a lock: of several instances that start at once one migrates.
// schema_newer: a newer program wrote it. Throws database_error.
result<void> migrate(connection&, const std::function<void(std::string_view name)>& on_applied = {});

}  // namespace orchestrator::postgresql
