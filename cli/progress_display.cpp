#include "cli/progress_display.h"

#include <fmt/format.h>

#include <ostream>

#include "cli/quantity_text.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// What a plain line tells; the time alone is no change.
bool same_progress(const execution_snapshot& a, const execution_snapshot& b) {
    return a.status == b.status && a.tenants == b.tenants && a.steps == b.steps;
}

}  // namespace

live_progress::live_progress(std::ostream& out, palette colours, std::function<view_size()> size)
    : display_{out}, colours_{colours}, size_{std::move(size)} {}

live_progress::~live_progress() { display_.erase(); }

void live_progress::show(const execution_snapshot& execution, milliseconds elapsed) {
    last_ = execution;
    last_elapsed_ = elapsed;
    shown_ = true;
    draw({});
}

void live_progress::draw(const std::string& notice) {
    if (!shown_)
        display_.draw({colours_.paint(colour::yellow, shortened(notice, size_().columns - 1))});
    else
        display_.draw(live_lines(last_, last_elapsed_, notice, size_(), colours_));
}

void live_progress::away(const std::string& reason, milliseconds patience_left, bool) {
    draw(fmt::format("waiting for the server for another {} s: {}", patience_left.count() / 1'000, first_line(reason)));
}

void live_progress::back(milliseconds) {}  // the notice goes with the next drawing

void quiet_progress::away(const std::string& reason, milliseconds patience_left, bool first) {
    if (!first) return;
    err_ << fmt::format("{}; trying for another {} s\n", first_line(reason), patience_left.count() / 1'000)
         << std::flush;
}

void quiet_progress::back(milliseconds after) {
    err_ << fmt::format("the server answers again after {}\n", format_duration(after)) << std::flush;
}

void plain_progress::show(const execution_snapshot& execution, milliseconds elapsed) {
    if (execution.has_ended()) return;  // the report follows
    const auto now = pace_.steady_now();
    if (last_ && (same_progress(*last_, execution) || now - last_line_at_ < between_lines)) return;
    out_ << plain_progress_line(execution, elapsed) << '\n' << std::flush;
    last_ = execution;
    last_line_at_ = now;
}

}  // namespace orchestrator::cli
