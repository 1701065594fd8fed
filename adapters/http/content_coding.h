// What an answer is packed in. Nobody is asked to pack (Accept-Encoding: identity), and some do all the same. Pure.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "ports/http_client.h"

namespace orchestrator::http {

// Unpacks the body of a whole answer where its Content-Encoding is gzip or deflate, up to `max_body` bytes, and takes a
// byte order mark from its front. What is packed and cut off or, beside a status that is no result, cannot be unpacked,
// is left out. An error says what is wrong with a result, for the operator.
[[nodiscard]] std::expected<void, std::string> unpack(http_response&, std::size_t max_body);

}  // namespace orchestrator::http
