// Text of unknown origin (a percent-decoded path, an old row, a service's answer) before it becomes part of JSON,
// which must be UTF-8. The JSON parser checks what it reads, the serializer does not check what it writes.
#pragma once

#include <string>
#include <string_view>

namespace orchestrator::api {

// As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view);

// The text with each byte that is no part of a character replaced by U+FFFD.
[[nodiscard]] std::string as_utf8(std::string_view);

// At most `longest` bytes of it, for a message that quotes what was sent.
[[nodiscard]] std::string excerpt(std::string_view, std::size_t longest = 100);

}  // namespace orchestrator::api
