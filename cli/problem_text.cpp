#include "cli/problem_text.h"

#include <fmt/format.h>

#include "cli/json_text.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

// "query:limit" -> "query parameter limit"; a JSON pointer stays as it is, the whole document has no name.
std::string place_of(std::string_view pointer) {
    const auto colon = pointer.find(':');
    if (pointer.empty() || pointer == "/") return {};
    if (pointer.starts_with('/') || colon == std::string_view::npos) return harmless(pointer) + ": ";
    const auto kind = pointer.substr(0, colon);
    const auto name = harmless(pointer.substr(colon + 1));
    if (kind == "query") return fmt::format("query parameter {}: ", name);
    if (kind == "path") return fmt::format("{} in the path: ", name);
    if (kind == "header") return fmt::format("header {}: ", name);
    return harmless(pointer) + ": ";
}

}  // namespace

std::string problem_text(int status, std::string_view body) {
    const auto read = read_json(body);
    const auto* problem = read ? read->if_object() : nullptr;
    const auto detail = problem == nullptr ? std::string{} : text_of(*problem, "detail");
    const auto title = problem == nullptr ? std::string{} : text_of(*problem, "title");
    if (detail.empty() && title.empty()) return fmt::format("the server answered HTTP {}", status);
    auto text = harmless(detail.empty() ? title : detail);
    for (const auto& value : array_of(*problem, "errors"))
        if (const auto* entry = value.if_object())
            text += fmt::format("\n  {}{}", place_of(text_of(*entry, "pointer")), harmless(text_of(*entry, "message")));
    return text;
}

}  // namespace orchestrator::cli
