// orchestrator workflow apply: creates the workflow of a file, or replaces the one of the same name.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <istream>
#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/input_file.h"
#include "cli/json_text.h"
#include "cli/terminal_text.h"
#include "domain/json/exact_json.h"

namespace orchestrator::cli {
namespace {

// What only the server sets. It refuses fields that it does not know in a definition, so they are left out of what
// `workflow show -o json` wrote: that output can be edited and applied.
constexpr std::array server_fields{
    "id",         "last_execution_at", "last_success_at",   "last_failure_at", "consecutive_failures",
    "created_at", "updated_at",        "next_execution_at", "schedule_problem"};

json::object read_definition(const std::string& file, std::istream& in) {
    const auto name = file == "-" ? std::string{"stdin"} : file;
    auto read = read_json_file(file, read_input(file, in));
    if (!read.is_object())
        throw command_failure{exit_code::refused, fmt::format("{}: is no JSON object; one workflow is expected", name)};
    auto& definition = read.get_object();
    if (text_of(definition, "workflow_name").empty())
        throw command_failure{
            exit_code::refused,
            fmt::format("{}: /workflow_name: is required, a text; it says which workflow is created or replaced",
                        name)};
    for (const auto* field : server_fields) definition.stable_erase(field);  // in the order of the file
    return std::move(definition);
}

struct applied {
    json::value workflow;
    const char* what;
};

applied create_or_replace(api_client& api, const json::object& definition) {
    const auto path = workflow_path(text_of(definition, "workflow_name"));
    const auto body = write_json_exactly(definition);
    const auto known = api.try_send({.path = path});
    if (!known && known.error().code != exit_code::not_found)
        throw command_failure{known.error().code, known.error().message};
    if (!known) return {api.send({.method = http_method::post, .path = "/workflows", .body = body}).body, "created"};
    return {api.send({.method = http_method::put, .path = path, .body = body}).body, "replaced"};
}

int apply_file(command_context& context, const std::string& file) {
    const auto definition = read_definition(file, context.in);
    const auto done = create_or_replace(context.api, definition);
    if (context.wants_json()) {
        context.out << write_indented(done.workflow);
        return status_of(exit_code::success);
    }
    const auto name = harmless(text_of(definition, "workflow_name"));
    const auto steps = array_of(definition, "steps").size();
    context.out << fmt::format("{} workflow {} ({} step{})\nrun it with:  orchestrator workflow run {} --wait\n",
                               done.what, name, steps, steps == 1 ? "" : "s", name);
    return status_of(exit_code::success);
}

}  // namespace

void add_workflow_apply(CLI::App& workflow, const command_runner& run) {
    auto* verb = workflow.add_subcommand("apply", "Create a workflow from a JSON file, or replace the one of its name");
    auto file = std::make_shared<std::string>();
    verb->add_option("FILE", *file, "The definition; - reads stdin")->required()->type_name("");
    verb->footer(
        "Examples:\n  orchestrator workflow apply morning_bake.json\n"
        "  orchestrator workflow show morning_bake -o json > edited.json   # edit it, then apply it\n"
        "  generate | orchestrator workflow apply -");
    verb->callback([=] { run([=](command_context& context) { return apply_file(context, *file); }); });
}

}  // namespace orchestrator::cli
