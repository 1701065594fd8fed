// A file that the binary carries. Written into it by cmake/embed_files.cmake.
#pragma once

#include <span>
#include <string_view>

namespace orchestrator {

struct embedded_file {
    std::string_view path;  // relative to the folder whose CMakeLists.txt embeds it
    std::string_view text;
};

}  // namespace orchestrator
