#include "cli/palette.h"

#include <fmt/format.h>

namespace orchestrator::cli {
namespace {

// SGR parameters (ECMA-48, 8.3.117).
std::string_view code_of(colour which) {
    switch (which) {
        case colour::plain:
            return "";
        case colour::bold:
            return "1";
        case colour::dim:
            return "2";
        case colour::green:
            return "32";
        case colour::red:
            return "31";
        case colour::yellow:
            return "33";
        case colour::cyan:
            return "36";
    }
    return "";
}

}  // namespace

std::string palette::paint(colour which, std::string_view text) const {
    if (!enabled_ || which == colour::plain || text.empty()) return std::string{text};
    return fmt::format("\x1b[{}m{}\x1b[0m", code_of(which), text);
}

colour colour_of_status(std::string_view status) {
    if (status == "completed") return colour::green;
    if (status == "failed") return colour::red;
    if (status == "partial" || status == "cancelled" || status == "skipped") return colour::yellow;
    if (status == "running") return colour::cyan;
    return colour::plain;
}

}  // namespace orchestrator::cli
