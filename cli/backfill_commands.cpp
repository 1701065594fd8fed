// orchestrator schedule backfill, backfills, cancel-backfill.
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

struct backfill_request {
    std::string workflow;
    std::string from;
    std::string until;
    int max_concurrent = 1;
    bool dry_run = false;
};

std::string progress_of(const json::object& backfill) {
    const auto& counts = object_of(backfill, "occurrences");
    auto text = fmt::format("{} of {}", integer_of(counts, "ended"), integer_of(counts, "total"));
    if (const auto failed = integer_of(counts, "failed"); failed > 0) text += fmt::format(", {} not well", failed);
    return text;
}

// Times that ran without all of their tenants: a backfill leaves them out, and a retry makes up for them.
void print_incomplete(command_context& context, const json::object& made) {
    for (const auto& each : array_of(made, "incomplete")) {
        const auto& one = each.get_object();
        context.out << fmt::format("{}  ran without all of its tenants:  orchestrator execution retry {}\n",
                                   format_instant(text_of(one, "scheduled_for")),
                                   harmless(text_of(one, "execution_id")));
    }
}

int create(command_context& context, const backfill_request& wanted) {
    json::object body{{"workflow_name", wanted.workflow},
                      {"start_date", wanted.from},
                      {"max_concurrent", wanted.max_concurrent},
                      {"dry_run", wanted.dry_run}};
    if (!wanted.until.empty()) body["end_date"] = wanted.until;
    const auto answer =
        context.api.send({.method = http_method::post, .path = "/backfills", .body = json::serialize(body)}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    const auto& made = answer.get_object();
    const auto& times = array_of(made, "scheduled_for");
    const auto ran = integer_of(made, "started_already");
    if (wanted.dry_run) {
        for (const auto& each : times)
            if (const auto* at = each.if_string()) context.out << format_instant(std::string_view{*at}) << '\n';
        context.out << fmt::format("{} executions would be started; {} times of these days ran already\n", times.size(),
                                   ran);
        print_incomplete(context, made);
        return status_of(exit_code::success);
    }
    context.out << fmt::format("backfill {} of {}: {} executions, {} at a time, behind all other work\n",
                               text_of(made, "id"), harmless(text_of(made, "workflow_name")), times.size(),
                               wanted.max_concurrent);
    if (ran > 0) context.out << fmt::format("{} times of these days ran already and are left as they are\n", ran);
    print_incomplete(context, made);
    context.out << fmt::format(
        "see how it goes:  orchestrator schedule backfills\nstop it with:     orchestrator "
        "schedule cancel-backfill {}\n",
        text_of(made, "id"));
    return status_of(exit_code::success);
}

int list(command_context& context) {
    const auto answer = context.api.send({.path = "/backfills"}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    std::vector<table_row> rows;
    for (const auto& each : array_of(answer.get_object(), "backfills"))
        if (const auto* of = each.if_object())
            rows.push_back({text_of(*of, "id"), text_of(*of, "workflow_name"), text_of(*of, "start_date"),
                            text_of(*of, "end_date"), text_of(*of, "status"), progress_of(*of)});
    if (rows.empty()) {
        context.out << "there was no backfill yet\n";
        return status_of(exit_code::success);
    }
    context.out << render_table(
        {{"id"}, {"workflow", alignment::left, true}, {"from"}, {"until"}, {"status"}, {"ended"}}, rows,
        context.colours, context.text_width());
    return status_of(exit_code::success);
}

int cancel(command_context& context, const std::string& id) {
    const auto path = fmt::format("/backfills/{}/cancel", percent_encoded(id));
    const auto answer = context.api.send({.method = http_method::post, .path = path}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    context.out << fmt::format(
        "backfill {} opens no more; {} had ended. What is open goes on: orchestrator execution "
        "list\n",
        harmless(id), progress_of(answer.get_object()));
    return status_of(exit_code::success);
}

}  // namespace

void add_backfill_commands(CLI::App& schedule, const command_runner& run) {
    auto* verb = schedule.add_subcommand("backfill", "Run what was due on past days and did not run");
    auto wanted = std::make_shared<backfill_request>();
    verb->add_option("NAME", wanted->workflow, "The workflow_name")->required()->type_name("");
    verb->add_option("--from", wanted->from, "The first day, such as 2026-11-01")->required()->type_name("DATE");
    verb->add_option("--until", wanted->until, "The last day; else only the first one")->type_name("DATE");
    verb->add_option("--max-concurrent", wanted->max_concurrent, "Executions at a time")
        ->type_name("N")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    verb->add_flag("--dry-run", wanted->dry_run, "Only show what would be started");
    verb->footer(
        "Example:\n  orchestrator schedule backfill daily_operations --from 2026-11-01 --until 2026-11-07 --dry-run");
    verb->callback([=] { run([=](command_context& context) { return create(context, *wanted); }); });

    schedule.add_subcommand("backfills", "All backfills, the newest first")->callback([=] { run(list); });

    auto* cancel_verb = schedule.add_subcommand("cancel-backfill", "Start no more executions of a backfill");
    auto id = std::make_shared<std::string>();
    cancel_verb->add_option("ID", *id, "The id of the backfill")->required()->type_name("");
    cancel_verb->callback([=] { run([=](command_context& context) { return cancel(context, *id); }); });
}

}  // namespace orchestrator::cli
