// orchestrator workflow list, show, delete, restore, enable, disable, pause, resume.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/quantity_text.h"
#include "cli/table.h"

namespace orchestrator::cli {
namespace {

table_row workflow_row(const json::object& workflow) {
    const bool enabled = is_true(workflow, "is_enabled");
    const auto failures = integer_of(workflow, "consecutive_failures");
    return {text_of(workflow, "workflow_name"),
            text_of(workflow, "workflow_type"),
            {enabled ? "yes" : "no", enabled ? colour::green : colour::yellow},
            fmt::format("{}", array_of(workflow, "steps").size()),
            format_instant(text_of(workflow, "last_success_at")),
            format_instant(text_of(workflow, "last_failure_at")),
            {fmt::format("{}", failures), failures > 0 ? colour::red : colour::plain}};
}

int list(command_context& context) {
    const auto answer = context.api.send({.path = "/workflows"}).body;
    if (context.wants_json()) {
        context.out << write_indented(answer);
        return status_of(exit_code::success);
    }
    std::vector<table_row> rows;
    if (const auto* object = answer.if_object())
        for (const auto& workflow : array_of(*object, "workflows"))
            if (const auto* fields = workflow.if_object()) rows.push_back(workflow_row(*fields));
    if (rows.empty()) {
        context.out << "there is no workflow yet; create one with: orchestrator workflow apply FILE\n";
        return status_of(exit_code::success);
    }
    constexpr auto right = alignment::right;
    context.out << render_table({{"name", alignment::left, true},
                                 {"type"},
                                 {"enabled"},
                                 {"steps", right},
                                 {"last success"},
                                 {"last failure"},
                                 {"failures in a row", right}},
                                rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

std::string names_of(const json::array& names) {
    std::string text;
    for (const auto& name : names)
        if (const auto* each = name.if_string()) text += (text.empty() ? "" : ", ") + std::string{*each};
    return text;
}

table_row step_row(const json::object& step) {
    // What the server fills in may be left out by an older one: an absent field has the default of the API.
    const bool critical = !step.contains("critical") || is_true(step, "critical");
    const auto method = text_of(step, "method");
    return {text_of(step, "name"),
            text_of(step, "service"),
            fmt::format("{} {}", method.empty() ? "POST" : method, text_of(step, "path")),
            names_of(array_of(step, "depends_on")),
            text_of(step, "trigger_rule"),
            critical ? "yes" : "no"};
}

std::string details_of(const json::object& workflow, const palette& colours) {
    const bool enabled = is_true(workflow, "is_enabled");
    auto text = fmt::format("{}  {}  {}\n", colours.paint(colour::bold, harmless(text_of(workflow, "workflow_name"))),
                            text_of(workflow, "workflow_type"),
                            colours.paint(enabled ? colour::green : colour::yellow, enabled ? "enabled" : "disabled"));
    if (const auto description = text_of(workflow, "description"); !description.empty())
        text += harmless(description) + '\n';
    text += fmt::format("id            {}\n", text_of(workflow, "id"));
    text += fmt::format("limits        {} at most, {} retries, {} between them\n",
                        format_duration(std::chrono::seconds{integer_of(workflow, "max_execution_time_seconds")}),
                        integer_of(workflow, "max_retries"),
                        format_duration(std::chrono::seconds{integer_of(workflow, "retry_delay_seconds")}));
    text += fmt::format("last success  {}\n", format_instant(text_of(workflow, "last_success_at")));
    text += fmt::format("last failure  {}\n", format_instant(text_of(workflow, "last_failure_at")));
    if (const auto failures = integer_of(workflow, "consecutive_failures"); failures > 0)
        text += fmt::format("failures      {}\n", colours.paint(colour::red, fmt::format("{} in a row", failures)));
    return text + '\n';
}

int show(command_context& context, const std::string& name) {
    const auto answer = context.api.send({.path = workflow_path(name)}).body;
    const auto* workflow = answer.if_object();
    if (context.wants_json() || workflow == nullptr) {
        context.out << write_indented(answer);
        return status_of(exit_code::success);
    }
    std::vector<table_row> rows;
    for (const auto& step : array_of(*workflow, "steps"))
        if (const auto* fields = step.if_object()) rows.push_back(step_row(*fields));
    context.out << details_of(*workflow, context.colours)
                << render_table({{"step", alignment::left, true},
                                 {"service"},
                                 {"call", alignment::left, true},
                                 {"after", alignment::left, true},
                                 {"trigger rule"},
                                 {"critical"}},
                                rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

// The id has to be known before: a deleted workflow can no longer be found by its name.
int remove(command_context& context, const std::string& name) {
    const auto workflow = context.api.send({.path = workflow_path(name)}).body;
    const auto id = workflow.is_object() ? text_of(workflow.get_object(), "id") : name;
    context.api.send({.method = http_method::delete_, .path = workflow_path(id)});
    if (context.wants_json())
        context.out << write_indented(workflow);
    else
        context.out << fmt::format("deleted workflow {} ({})\nundo it with:  orchestrator workflow restore {}\n",
                                   harmless(name), id, id);
    return status_of(exit_code::success);
}

struct change {
    const char* verb;      // of the command, and of the path
    const char* done;      // "enabled"
    const char* argument;  // "NAME"
    const char* help;
};

int apply_change(command_context& context, const change& what, const std::string& name) {
    const auto path = workflow_path(name, fmt::format("/{}", what.verb));
    auto workflow = context.api.send({.method = http_method::post, .path = path}).body;
    if (context.wants_json()) {
        context.out << write_indented(workflow);
        return status_of(exit_code::success);
    }
    const auto answered = workflow.is_object() ? text_of(workflow.get_object(), "workflow_name") : std::string{};
    context.out << fmt::format("{} workflow {}\n", what.done, harmless(answered.empty() ? name : answered));
    return status_of(exit_code::success);
}

void add_named(CLI::App& group, const change& what, const command_runner& run,
               std::function<int(command_context&, const std::string&)> body) {
    auto* verb = group.add_subcommand(what.verb, what.help);
    auto name = std::make_shared<std::string>();
    const bool by_name = std::string_view{what.argument} == "NAME";
    verb->add_option(what.argument, *name, by_name ? "The workflow_name or the id" : "The id, as delete printed it")
        ->required()
        ->type_name("");
    verb->callback([=] { run([=](command_context& context) { return body(context, *name); }); });
}

}  // namespace

void add_workflow_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("workflow", "Define, switch and run workflows");
    group->require_subcommand(1);
    group->footer(
        "Example:\n  orchestrator workflow apply morning_bake.json\n"
        "  orchestrator workflow run morning_bake --wait");
    group->add_subcommand("list", "All workflows, by name")->callback([=] { run(list); });
    add_named(*group, {"show", "", "NAME", "One workflow with its steps"}, run, show);
    add_workflow_apply(*group, run);
    add_named(*group, {"delete", "", "NAME", "Hide a workflow; its history stays, and restore undoes it"}, run, remove);
    for (const auto& what : {change{"restore", "restored", "ID", "Undo a delete"},
                             change{"enable", "enabled", "NAME", "Let a workflow run"},
                             change{"disable", "disabled", "NAME", "Refuse new executions of a workflow"},
                             change{"pause", "paused", "NAME", "Start a workflow no longer by its schedule"},
                             change{"resume", "resumed", "NAME", "Undo a pause; what passed is not made up for"}})
        add_named(*group, what, run, [what](command_context& context, const std::string& name) {
            return apply_change(context, what, name);
        });
    add_workflow_run(*group, run);
}

}  // namespace orchestrator::cli
