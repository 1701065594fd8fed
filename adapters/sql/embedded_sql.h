// The SQL that the binary carries: migrations, and queries by entity in blocks that begin with "-- name: …".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmake/embedded_file.h"

namespace orchestrator::sql {

// The block `name` of queries/<entity>.sql. Throws std::logic_error when there is none.
[[nodiscard]] std::string query_text(std::span<const embedded_file>, std::string_view entity, std::string_view name);

struct migration {
    int version;
    std::string_view name;
    std::string_view text;
};

// Those of migrations/, in order of version: files are embedded in the order of their names.
[[nodiscard]] std::vector<migration> migrations(std::span<const embedded_file>);

// Why a database that a newer program wrote is refused.
[[nodiscard]] std::string schema_newer_message(int found, int newest);

}  // namespace orchestrator::sql
