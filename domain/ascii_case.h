// Upper and lower case of ASCII letters, whatever the locale; all other bytes stay as they are. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace orchestrator {

[[nodiscard]] constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }
[[nodiscard]] constexpr char upper_case(char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; }

[[nodiscard]] inline std::string lower_case(std::string_view text) {
    std::string lower{text};
    for (auto& c : lower) c = lower_case(c);
    return lower;
}

[[nodiscard]] inline std::string upper_case(std::string_view text) {
    std::string upper{text};
    for (auto& c : upper) c = upper_case(c);
    return upper;
}

// As the names of header fields are compared.
[[nodiscard]] constexpr bool same_but_for_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower_case(x) == lower_case(y); });
}

}  // namespace orchestrator
