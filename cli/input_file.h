// Files that people name on the command line; "-" is stdin.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/json_text.h"

namespace orchestrator::cli {

// The whole text. A command_failure names the file and why it cannot be read.
[[nodiscard]] std::string read_input(const std::string& file, std::istream& in);
// A command_failure says where it stops being JSON. `file`: as it was named.
[[nodiscard]] json::value read_json_file(const std::string& file, std::string_view text);

}  // namespace orchestrator::cli
