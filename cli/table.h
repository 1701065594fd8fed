// Tables without borders: a headline, columns two spaces apart, no spaces at the end of a line.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/palette.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {

struct table_column {
    std::string title;
    alignment align = alignment::left;
    bool may_shrink = false;  // is cut with "…" when the table is wider than the terminal
};

struct table_cell {
    std::string text;  // any text; control characters are taken out
    colour tint = colour::plain;

    table_cell(std::string text_of_cell, colour tint_of_cell = colour::plain)
        : text{std::move(text_of_cell)}, tint{tint_of_cell} {}
    table_cell(const char* text_of_cell) : text{text_of_cell} {}
};

using table_row = std::vector<table_cell>;  // as many cells as there are columns

// `width`: of the terminal; 0: unlimited. Every line ends with a line break; without rows only the headline.
[[nodiscard]] std::string render_table(const std::vector<table_column>&, const std::vector<table_row>&, const palette&,
                                       std::size_t width = 0);

}  // namespace orchestrator::cli
