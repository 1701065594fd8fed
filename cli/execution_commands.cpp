// orchestrator execution list, show, cancel.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/quantity_text.h"
#include "cli/run_report.h"
#include "cli/table.h"

namespace orchestrator::cli {
namespace {

constexpr std::size_t largest_limit = 1'000'000;

struct list_options {
    std::string status;
    std::string workflow;
    bool failed = false;
    std::size_t limit = 20;
    bool all = false;
};

struct show_options {
    std::string id;
    bool tenants = false;
    std::string status;
    std::size_t limit = 100;
    bool all = false;
};

table_cell status_cell(const std::string& status) { return {status, colour_of_status(status)}; }

table_row execution_row(const json::object& execution) {
    const auto& tenants = object_of(execution, "tenants");
    const auto unsuccessful = integer_of(tenants, "failed") + integer_of(tenants, "partial");
    const auto duration = number_of(execution, "duration_ms");
    return {text_of(execution, "id"),
            text_of(execution, "workflow_name"),
            is_true(execution, "is_backfill") ? "backfill" : text_of(execution, "execution_type"),
            status_cell(text_of(execution, "status")),
            format_instant(text_of(execution, "created_at")),
            duration ? format_duration(milliseconds{static_cast<std::int64_t>(*duration)}) : "-",
            fmt::format("{}/{}", integer_of(tenants, "completed"), integer_of(tenants, "total")),
            {fmt::format("{}", unsuccessful), unsuccessful > 0 ? colour::red : colour::plain}};
}

int list(command_context& context, const list_options& options) {
    api_request request{.path = options.failed ? "/executions/failed" : "/executions"};
    if (!options.status.empty()) request.query.emplace_back("status", options.status);
    if (!options.workflow.empty()) request.query.emplace_back("workflow", options.workflow);
    auto part = read_list(context.api, request, "executions", options.all ? unlimited : options.limit);
    if (context.wants_json()) {
        print_list_as_json(context, "executions", std::move(part));
        return status_of(exit_code::success);
    }
    std::vector<table_row> rows;
    for (const auto& execution : part.items)
        if (const auto* fields = execution.if_object()) rows.push_back(execution_row(*fields));
    if (rows.empty()) {
        context.out << "no executions\n";
        return status_of(exit_code::success);
    }
    constexpr auto right = alignment::right;
    context.out << render_table({{"id"},
                                 {"workflow", alignment::left, true},
                                 {"type"},
                                 {"status"},
                                 {"created"},
                                 {"duration", right},
                                 {"tenants ok", right},
                                 {"not ok", right}},
                                rows, context.colours, context.text_width());
    print_more(context, part);
    return status_of(exit_code::success);
}

// The step that says most about a tenant run: the failed one, or the last.
const json::object* telling_step(const json::array& steps) {
    const json::object* telling = nullptr;
    for (const auto& value : steps) {
        const auto* step = value.if_object();
        if (step == nullptr) continue;
        telling = step;
        if (text_of(*step, "status") == "failed") break;
    }
    return telling;
}

table_row tenant_row(const json::object& tenant) {
    const auto& steps = array_of(tenant, "steps");
    const auto* step = telling_step(steps);
    const auto failed = step != nullptr && text_of(*step, "status") == "failed";
    const auto done = std::ranges::count_if(steps, [](const json::value& each) {
        return each.is_object() && text_of(each.get_object(), "status") == "completed";
    });
    return {text_of(tenant, "tenant_id"),
            text_of(tenant, "tenant_name"),
            text_of(tenant, "subscription_tier"),
            status_cell(text_of(tenant, "status")),
            fmt::format("{}", done),
            failed ? fmt::format("{}: {}", text_of(*step, "step_name"), text_of(*step, "error_message")) : ""};
}

int show_tenants(command_context& context, const std::string& id, const show_options& options) {
    api_request request{.path = execution_path(id, "/tenants")};
    if (!options.status.empty()) request.query.emplace_back("status", options.status);
    auto part = read_list(context.api, request, "tenants", options.all ? unlimited : options.limit);
    if (context.wants_json()) {
        print_list_as_json(context, "tenants", std::move(part));
        return status_of(exit_code::success);
    }
    std::vector<table_row> rows;
    for (const auto& tenant : part.items)
        if (const auto* fields = tenant.if_object()) rows.push_back(tenant_row(*fields));
    if (rows.empty()) {
        context.out << "no tenants\n";
        return status_of(exit_code::success);
    }
    context.out << render_table({{"tenant"},
                                 {"name", alignment::left, true},
                                 {"tier"},
                                 {"status"},
                                 {"steps ok", alignment::right},
                                 {"failure", alignment::left, true}},
                                rows, context.colours, context.text_width());
    print_more(context, part);
    return status_of(exit_code::success);
}

std::string details_of(const json::object& execution) {
    auto text = fmt::format("type       {}", text_of(execution, "execution_type"));
    if (const auto origin = text_of(execution, "retry_of"); !origin.empty()) text += fmt::format(" of {}", origin);
    if (const auto due = text_of(execution, "scheduled_for"); !due.empty())
        text += fmt::format(" for {}{}", format_instant(due), is_true(execution, "is_backfill") ? ", backfill" : "");
    text += '\n';
    for (const auto* what : {"created", "started", "completed", "deadline"})
        text += fmt::format("{:<9}  {}\n", what, format_instant(text_of(execution, std::string{what} + "_at")));
    if (const auto instance = text_of(execution, "executed_by_instance"); !instance.empty())
        text += fmt::format("instance   {}\n", harmless(instance));
    return text + '\n';
}

int show(command_context& context, const show_options& options) {
    const auto id = resolve_execution(context.api, options.id);
    if (options.tenants) return show_tenants(context, id, options);
    const auto answer = context.api.send({.path = execution_path(id)}).body;
    const auto snapshot = read_execution(answer);
    if (context.wants_json() || !snapshot) {
        context.out << write_indented(answer);
        return status_of(exit_code::success);
    }
    const auto failures = snapshot->has_ended() ? read_failures(context.api, *snapshot) : report_failures{};
    const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    context.out << details_of(answer.get_object())
                << run_report(*snapshot, failures, snapshot->elapsed(now), context.colours, context.text_width());
    return status_of(exit_code::success);
}

int cancel(command_context& context, const std::string& given) {
    const auto id = resolve_execution(context.api, given);
    const auto answer = context.api.send({.method = http_method::post, .path = execution_path(id, "/cancel")}).body;
    if (context.wants_json())
        context.out << write_indented(answer);
    else
        context.out << fmt::format(
            "execution {} is being cancelled: steps under way end, no new ones begin\n"
            "see its end with:  orchestrator execution watch {}\n",
            id, id);
    return status_of(exit_code::success);
}

void add_limits(CLI::App& verb, std::size_t& limit, bool& all) {
    accept_count(verb.add_option("--limit", limit, "At most this many")->capture_default_str(), {1, largest_limit});
    verb.add_flag("--all", all, "All of them");
}

void add_list(CLI::App& group, const command_runner& run) {
    auto* verb = group.add_subcommand("list", "Executions, the newest first");
    auto options = std::make_shared<list_options>();
    auto* status =
        accept_choice(verb->add_option("--status", options->status, "Only with this status"), execution_statuses);
    verb->add_option("--workflow", options->workflow, "Only of this workflow: its name or id")->type_name("NAME");
    verb->add_flag("--failed", options->failed, "Only failed and partial ones")->excludes(status);
    add_limits(*verb, options->limit, options->all);
    verb->footer(
        "Examples:\n  orchestrator execution list --workflow morning_bake --limit 5\n"
        "  orchestrator execution list --failed --all -o json");
    verb->callback([=] { run([=](command_context& context) { return list(context, *options); }); });
}

void add_show(CLI::App& group, const command_runner& run) {
    auto* verb = group.add_subcommand("show", "One execution with its steps, or its tenants");
    auto options = std::make_shared<show_options>();
    verb->add_option("ID", options->id, "The execution; latest: the newest")->required()->type_name("");
    auto* tenants = verb->add_flag("--tenants", options->tenants, "The tenants instead of the steps");
    accept_choice(verb->add_option("--status", options->status,
                                   "Only tenants with this status; unsuccessful: failed and partial"),
                  std::string{execution_statuses} + "|unsuccessful")
        ->needs(tenants);
    add_limits(*verb, options->limit, options->all);
    verb->footer(
        "Examples:\n  orchestrator execution show latest\n"
        "  orchestrator execution show latest --tenants --status unsuccessful");
    verb->callback([=] { run([=](command_context& context) { return show(context, *options); }); });
}

}  // namespace

void add_execution_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("execution", "See, follow, retry and cancel executions");
    group->require_subcommand(1);
    group->footer(
        "Wherever an ID is asked for, latest stands for the newest execution.\n\n"
        "Example:\n  orchestrator execution watch latest");
    add_list(*group, run);
    add_show(*group, run);
    add_execution_logs(*group, run);
    add_execution_watch(*group, run);
    add_execution_retry(*group, run);
    auto* verb = group->add_subcommand("cancel", "Stop an execution: steps under way end, no new ones begin");
    auto id = std::make_shared<std::string>();
    verb->add_option("ID", *id, "The execution; latest: the newest")->required()->type_name("");
    verb->callback([=] { run([=](command_context& context) { return cancel(context, *id); }); });
}

}  // namespace orchestrator::cli
