// The SQL that the binary carries: migrations, and queries by entity in blocks that begin with "-- name: …".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cmake/embedded_file.h"

namespace orchestrator {
// "migrations/0001_initial.sql", "queries/workflows.sql", in the order of their names.
std::span<const embedded_file> sqlite_files();
}  // namespace orchestrator

namespace orchestrator::sqlite {

// The block `name` of queries/<entity>.sql. Throws std::logic_error when there is none.
[[nodiscard]] std::string query_text(std::string_view entity, std::string_view name);

}  // namespace orchestrator::sqlite
