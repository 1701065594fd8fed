// Text that every database can hold, whatever its encoding.
#pragma once

#include <string>
#include <string_view>

namespace orchestrator {

// A '?' for each byte that is no printable character of ASCII, line breaks excepted.
[[nodiscard]] inline std::string as_ascii(std::string_view text) {
    std::string plain{text};
    for (auto& each : plain)
        if ((each < ' ' && each != '\n') || each > '~') each = '?';
    return plain;
}

}  // namespace orchestrator
