#include "cli/command_context.h"

#include <ostream>

#include "cli/json_text.h"

namespace orchestrator::cli {

bool printed_as_json(command_context& context, const json::value& answer) {
    if (!context.wants_json() && answer.is_object()) return false;
    context.out << write_indented(answer);
    return true;
}

}  // namespace orchestrator::cli
