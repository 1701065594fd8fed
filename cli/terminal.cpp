#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ostream>

namespace orchestrator::cli {
namespace {

// Control sequences of ECMA-48 and xterm.
constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::string_view erase_to_end_of_line = "\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";
constexpr std::string_view begin_update = "\x1b[?2026h";  // terminals that know it show the update as a whole
constexpr std::string_view end_update = "\x1b[?2026l";

}  // namespace

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

view_size terminal_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
    return {size.ws_col, size.ws_row};
}

std::string redraw(const std::vector<std::string>& lines, std::size_t drawn) {
    std::string bytes{begin_update};
    if (drawn > 0) bytes += fmt::format("\x1b[{}F", drawn);
    for (const auto& line : lines) {
        bytes += line;
        bytes += erase_to_end_of_line;
        bytes += '\n';
    }
    if (lines.size() < drawn) bytes += erase_below;
    bytes += end_update;
    return bytes;
}

live_display::live_display(std::ostream& out) : out_{out} { out_ << hide_cursor << std::flush; }

live_display::~live_display() { out_ << show_cursor << std::flush; }

void live_display::draw(const std::vector<std::string>& lines) {
    out_ << redraw(lines, drawn_) << std::flush;
    drawn_ = lines.size();
}

}  // namespace orchestrator::cli
