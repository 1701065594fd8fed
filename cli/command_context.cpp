#include "cli/command_context.h"

#include <fmt/format.h>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/json_text.h"

namespace orchestrator::cli {

bool printed_as_json(command_context& context, const json::value& answer) {
    if (!context.wants_json() && answer.is_object()) return false;
    context.out << write_indented(answer);
    return true;
}

void print_list_as_json(command_context& context, const char* name, list_part part) {
    context.out << write_indented(json::object{{name, std::move(part.items)}, {"has_more", part.more}});
}

void print_more(command_context& context, const list_part& part) {
    if (part.more)
        context.err << fmt::format("the first {}; --limit N shows more, --all shows all\n", part.items.size());
}

}  // namespace orchestrator::cli
