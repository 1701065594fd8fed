// How a running execution looks: the lines of the live display on a terminal, and the plain line for a log.
// Pure: what is drawn where is live_display's business.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/execution_snapshot.h"
#include "cli/palette.h"

namespace orchestrator::cli {

struct view_size {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

// The bar of one step, `width` columns: completed, failed, skipped and open parts, told apart by glyph and colour.
// A part that is not zero gets at least one column, so that a single failure among ten thousand is seen.
[[nodiscard]] std::string progress_bar(const step_progress&, std::size_t width, const palette&);

// A headline and one line for each step, none wider than the terminal, and fewer than it has rows. `notice` is a last
// line of its own ("" for none).
[[nodiscard]] std::vector<std::string> live_lines(const execution_snapshot&, milliseconds elapsed,
                                                  const std::string& notice, view_size, const palette&);

// One line with everything that counts, without colours.
[[nodiscard]] std::string plain_progress_line(const execution_snapshot&, milliseconds elapsed);

}  // namespace orchestrator::cli
