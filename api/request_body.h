// Reads the body of a request within bounds: 1 MiB, and JSON at most 32 levels deep.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>

#include "api/error_response.h"
#include "api/message.h"

namespace orchestrator::api {

inline constexpr std::size_t largest_body = 1 << 20;  // bytes
inline constexpr std::size_t deepest_body = 32;       // levels of arrays and objects

// nullopt: there is no body. A problem is 413, 415 (the media type must be application/json), or 400 with the place
// where it stops being JSON.
[[nodiscard]] std::expected<std::optional<json::value>, problem> read_json_body(const request&);

// A body of another media type, such as "text/calendar". A problem is 413, 415, or 400 when there is none.
[[nodiscard]] std::expected<std::string, problem> read_text_body(request&, std::string_view media_type);

// For a request that takes no fields: nothing, or an empty object.
[[nodiscard]] std::expected<void, problem> refuse_body(const request&);

}  // namespace orchestrator::api
