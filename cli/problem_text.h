// The server's problem documents (RFC 9457) for people.
#pragma once

#include <string>
#include <string_view>

namespace orchestrator::cli {

// The detail, then one line for each of errors[]: where, and what would be right. An answer that is no problem
// document becomes "the server answered HTTP 502"; nothing of its body is shown.
[[nodiscard]] std::string problem_text(int status, std::string_view body);

}  // namespace orchestrator::cli
