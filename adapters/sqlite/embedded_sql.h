// The SQL that the binary carries: migrations, and queries by entity in blocks that begin with "-- name: …".
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace orchestrator::sqlite {

struct embedded_sql {
    std::string_view path;  // "migrations/0001_initial", "queries/workflows"
    std::string_view text;
};

// Written at build time by cmake/write_embedded_sql.cmake.
std::span<const embedded_sql> embedded_sql_files();

// The block `name` of queries/<entity>.sql. Asserts that it exists.
[[nodiscard]] std::string query_text(std::string_view entity, std::string_view name);

}  // namespace orchestrator::sqlite
