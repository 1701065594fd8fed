// Brings a database to the schema of this program. The version stands in the file's own user_version.
#pragma once

#include <functional>
#include <string_view>

#include "adapters/sqlite/connection.h"
#include "domain/error.h"

namespace orchestrator::sqlite {

// The newest version that this program knows.
[[nodiscard]] int newest_schema_version();
[[nodiscard]] int schema_version(connection&);

// Applies what is missing, each migration in a transaction of its own; `on_applied` is told its name. Safe to run
// twice and from several processes at once. schema_newer: the database was written by a newer program.
result<void> migrate(connection&, const std::function<void(std::string_view)>& on_applied = {});

}  // namespace orchestrator::sqlite
