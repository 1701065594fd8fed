// The SQL of this store that the binary carries: "migrations/0001_initial.sql", "queries/workflows.sql".
#pragma once

#include <span>

#include "cmake/embedded_file.h"

namespace orchestrator {
std::span<const embedded_file> postgresql_files();
}  // namespace orchestrator
