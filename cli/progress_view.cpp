#include "cli/progress_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "cli/quantity_text.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

constexpr std::size_t widest_name = 28;
constexpr std::size_t widest_bar = 40;
constexpr std::size_t narrowest_bar = 8;
constexpr std::size_t percent_width = 6;  // "  100%"

struct coloured_text {
    std::string text;
    colour tint = colour::plain;
};

// Puts the parts one after the other, and cuts where the terminal ends.
std::string joined(const std::vector<coloured_text>& parts, std::size_t columns, const palette& colours) {
    std::string line;
    for (const auto& [text, tint] : parts) {
        const auto cut = shortened(text, columns);
        columns -= display_width(cut);
        line += colours.paint(tint, cut);
        if (cut != text) break;
    }
    return line;
}

struct bar_part {
    std::int64_t count;
    std::string_view glyph;
    colour tint;
    std::size_t width = 0;
};

// Rounds down, so that a bar is full only when everything has ended; then lifts what would vanish, at the cost of the
// widest part.
void lay_out(std::span<bar_part> parts, std::int64_t total, std::size_t width) {
    for (auto& part : parts) {
        part.width = static_cast<std::size_t>(part.count * static_cast<std::int64_t>(width) / total);
        if (part.count > 0) part.width = std::max<std::size_t>(part.width, 1);
    }
    const auto used = [&] {
        std::size_t sum = 0;
        for (const auto& part : parts) sum += part.width;
        return sum;
    };
    const auto widest = [&] { return std::ranges::max_element(parts, {}, &bar_part::width); };
    while (used() > width && widest()->width > 1) --widest()->width;
    std::int64_t ended = 0;
    for (const auto& part : parts) ended += part.count;
    if (ended >= total && used() < width) widest()->width += width - used();
}

std::string repeated(std::string_view glyph, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += glyph;
    return text;
}

std::vector<coloured_text> counts_of(const step_progress& step) {
    std::vector<coloured_text> parts{{fmt::format("  {} ok", step.completed), colour::green}};
    const auto add = [&](std::int64_t count, std::string_view what, colour tint) {
        if (count > 0) parts.push_back({fmt::format("  {} {}", count, what), tint});
    };
    add(step.failed, "failed", colour::red);
    add(step.skipped, "skipped", colour::yellow);
    add(step.retries, "retries", colour::dim);
    return parts;
}

std::size_t width_of(const std::vector<coloured_text>& parts) {
    std::size_t width = 0;
    for (const auto& part : parts) width += display_width(part.text);
    return width;
}

std::string percentage(const step_progress& step) {
    if (step.total <= 0) return "   -";
    return fmt::format("{:3}%", std::min<std::int64_t>(100, 100 * step.ended() / step.total));
}

struct step_layout {
    std::size_t name;
    std::size_t bar;
};

// The same for every step, so that the bars stand below each other.
step_layout layout_for(const std::vector<step_progress>& steps, std::size_t columns) {
    std::size_t name = 0;
    std::size_t counts = 0;
    for (const auto& step : steps) {
        name = std::max(name, display_width(harmless(step.name)));
        counts = std::max(counts, width_of(counts_of(step)));
    }
    name = std::min({name, widest_name, std::max<std::size_t>(columns / 3, 1)});
    const auto taken = 2 + name + 2 + percent_width + counts;
    return {name, std::clamp(columns > taken ? columns - taken : 0, narrowest_bar, widest_bar)};
}

std::string step_line(const step_progress& step, step_layout layout, std::size_t columns, const palette& colours) {
    const auto name = shortened(harmless(step.name), layout.name);
    const auto before = 2 + layout.name + 2 + layout.bar;
    if (before + percent_width > columns)  // no room for a bar
        return joined({{fmt::format("  {} {}", name, percentage(step)), colour::plain}}, columns, colours);
    auto rest = counts_of(step);
    rest.insert(rest.begin(), coloured_text{"  " + percentage(step), colour::plain});
    return "  " + padded(name, layout.name) + "  " + progress_bar(step, layout.bar, colours) +
           joined(rest, columns - before, colours);
}

// What planning waits for; empty: it does not.
std::string planning_problem(const execution_snapshot& execution) {
    return execution.planning_complete || execution.has_ended() ? "" : harmless(execution.error_message);
}

std::string headline(const execution_snapshot& execution, milliseconds elapsed, std::size_t columns,
                     const palette& colours) {
    const auto& tenants = execution.tenants;
    const bool cancelling = execution.cancel_requested && !execution.has_ended();
    return joined({{harmless(execution.workflow_name), colour::bold},
                   {"  " + execution.status, colour_of_status(execution.status)},
                   {cancelling ? ", being cancelled" : "", colour::yellow},
                   {"  " + format_duration(elapsed), colour::plain},
                   {fmt::format("  {} steps/s", format_rate(execution.steps_per_second)), colour::plain},
                   {fmt::format("  tenants {}/{} done{}", tenants.ended(), tenants.total,
                                execution.planning_complete ? "" : ", planning"),
                    colour::plain}},
                  columns, colours);
}

}  // namespace

std::string progress_bar(const step_progress& step, std::size_t width, const palette& colours) {
    const auto total = std::max({step.total, step.ended(), std::int64_t{1}});
    std::array<bar_part, 3> parts{bar_part{step.completed, "█", colour::green}, bar_part{step.failed, "▓", colour::red},
                                  bar_part{step.skipped, "▒", colour::yellow}};
    lay_out(parts, total, width);
    std::string bar;
    std::size_t used = 0;
    for (const auto& part : parts) {
        bar += colours.paint(part.tint, repeated(part.glyph, part.width));
        used += part.width;
    }
    return bar + colours.paint(colour::dim, repeated("░", width - std::min(width, used)));
}

std::vector<std::string> live_lines(const execution_snapshot& execution, milliseconds elapsed, const std::string& news,
                                    view_size size, const palette& colours) {
    const auto notice = news.empty() ? planning_problem(execution) : news;
    // The last column stays free: a full line leaves some terminals' cursor on the next one.
    const auto columns = std::max<std::size_t>(size.columns, 2) - 1;
    std::vector<std::string> lines{headline(execution, elapsed, columns, colours)};
    const auto layout = layout_for(execution.steps, columns);
    for (const auto& step : execution.steps) lines.push_back(step_line(step, layout, columns, colours));
    // A display that is taller than the terminal would scroll, and could not be drawn over.
    const auto room = std::max<std::size_t>(size.rows, 4) - (notice.empty() ? 1 : 2);
    if (lines.size() > room) {
        const auto hidden = lines.size() - room + 1;
        lines.resize(room - 1);
        lines.push_back(shortened(fmt::format("  … {} more steps", hidden), columns));
    }
    if (!notice.empty()) lines.push_back(colours.paint(colour::yellow, shortened(notice, columns)));
    return lines;
}

std::string plain_progress_line(const execution_snapshot& execution, milliseconds elapsed) {
    step_progress all;
    for (const auto& step : execution.steps) {
        all.completed += step.completed;
        all.failed += step.failed;
        all.skipped += step.skipped;
        all.retries += step.retries;
    }
    const auto& tenants = execution.tenants;
    const auto problem = planning_problem(execution);
    return fmt::format(
        "{}: {} after {}: {}/{}{} tenants done; steps: {} ok, {} failed, {} skipped, {} retries; {} steps/s{}{}",
        harmless(execution.workflow_name), execution.status, format_duration(elapsed), tenants.ended(), tenants.total,
        execution.planning_complete ? "" : "+", all.completed, all.failed, all.skipped, all.retries,
        format_rate(execution.steps_per_second), problem.empty() ? "" : "; ", problem);
}

}  // namespace orchestrator::cli
