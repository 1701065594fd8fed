// Reads the JSON body of a request within bounds: 1 MiB, 32 levels deep, media type application/json.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>

#include "api/error_response.h"
#include "api/message.h"

namespace orchestrator::api {

inline constexpr std::size_t largest_body = 1 << 20;  // bytes
inline constexpr std::size_t deepest_body = 32;       // levels of arrays and objects

// nullopt: there is no body. A problem is 413, 415, or 400 with the place where it stops being JSON.
[[nodiscard]] std::expected<std::optional<json::value>, problem> read_json_body(const request&);

// For a request that takes no fields: nothing, or an empty object.
[[nodiscard]] std::expected<void, problem> refuse_body(const request&);

}  // namespace orchestrator::api
