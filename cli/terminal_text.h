// Text as a terminal shows it: how many columns it takes, and how it is cut, filled up and made harmless.
// Names of tenants are Spanish and come from outside, so bytes are not columns and control characters are possible.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orchestrator::cli {

// Columns of UTF-8 text: 0 for combining marks, 2 for East Asian wide characters and emoji. A byte that is not UTF-8
// counts as one.
[[nodiscard]] std::size_t display_width(std::string_view text);

// At most `width` columns; what was cut is replaced by "…".
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

enum class alignment { left, right };

// Filled up with spaces to `width` columns; a wider text stays as it is.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width, alignment align = alignment::left);

// Control characters (line breaks and escape sequences too) become spaces and broken UTF-8 becomes U+FFFD, so that no
// name or message can move the cursor or forge a line.
[[nodiscard]] std::string harmless(std::string_view text);

}  // namespace orchestrator::cli
