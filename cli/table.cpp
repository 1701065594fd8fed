#include "cli/table.h"

#include <algorithm>

namespace orchestrator::cli {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8;  // a column is never cut below this

using widths = std::vector<std::size_t>;

widths natural_widths(const std::vector<table_column>& columns, const std::vector<table_row>& rows) {
    widths result;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto widest = display_width(columns[i].title);
        for (const auto& row : rows) widest = std::max(widest, display_width(harmless(row[i].text)));
        result.push_back(widest);
    }
    return result;
}

std::size_t total(const widths& all) {
    std::size_t sum = 0;
    for (const auto each : all) sum += each + gap;
    return sum == 0 ? 0 : sum - gap;
}

// The widest column that may still give way; nullptr when there is none.
std::size_t* widest_shrinkable(const std::vector<table_column>& columns, widths& all) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i].may_shrink && all[i] > narrowest && (widest == nullptr || all[i] > *widest)) widest = &all[i];
    return widest;
}

void shrink_to(std::size_t width, const std::vector<table_column>& columns, widths& all) {
    while (total(all) > width) {
        auto* widest = widest_shrinkable(columns, all);
        if (widest == nullptr) return;
        --*widest;
    }
}

std::string render_row(const std::vector<table_column>& columns, const table_row& row, const widths& all,
                       const palette& colours) {
    std::string line;
    std::string pending;  // spaces that are only written when something follows
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto text = shortened(harmless(row[i].text), all[i]);
        const std::string fill(all[i] - std::min(all[i], display_width(text)), ' ');
        if (columns[i].align == alignment::right) pending += fill;
        if (!text.empty()) {
            line += pending + colours.paint(row[i].tint, text);
            pending.clear();
        }
        if (columns[i].align == alignment::left) pending += fill;
        pending.append(gap, ' ');
    }
    return line + '\n';
}

}  // namespace

std::string render_table(const std::vector<table_column>& columns, const std::vector<table_row>& rows,
                         const palette& colours, std::size_t width) {
    auto all = natural_widths(columns, rows);
    if (width > 0) shrink_to(width, columns, all);
    table_row headline;
    for (const auto& column : columns) headline.emplace_back(column.title, colour::bold);
    auto text = render_row(columns, headline, all, colours);
    for (const auto& row : rows) text += render_row(columns, row, all, colours);
    return text;
}

}  // namespace orchestrator::cli
