// The query of a request as decoded names and values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orchestrator::simulator {

// `query`: without "?". nullopt: it is not percent-encoded.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query);

}  // namespace orchestrator::simulator
