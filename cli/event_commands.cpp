// orchestrator event list.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/quantity_text.h"
#include "cli/table.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

struct event_options {
    bool waiting = false;
    std::size_t limit = 20;
    bool all = false;
};

int list_events(command_context& context, const event_options& options) {
    api_request request{.path = "/events"};
    if (options.waiting) request.query.emplace_back("waiting", "true");
    auto events = read_list(context.api, request, "events", options.all ? unlimited : options.limit);
    if (context.wants_json()) {
        print_list_as_json(context, "events", std::move(events));
        return status_of(exit_code::success);
    }
    std::vector<table_row> rows;
    for (const auto& each : events.items) {
        const auto* of = each.if_object();
        if (!of) continue;
        rows.push_back({format_instant(text_of(*of, "created_at")), harmless(text_of(*of, "routing_key")),
                        harmless(text_of(object_of(*of, "payload"), "workflow_name")),
                        text_of(object_of(*of, "payload"), "status"),
                        harmless(text_of(object_of(*of, "payload"), "execution_id")), text_of(*of, "status"),
                        harmless(text_of(*of, "problem"))});
    }
    if (rows.empty()) {
        context.out << (options.waiting ? "no event waits for the broker\n" : "there was no event yet\n");
        return status_of(exit_code::success);
    }
    context.out << render_table(
        {{"at"}, {"event"}, {"workflow"}, {"ended"}, {"execution"}, {"broker"}, {"problem", alignment::left, true}},
        rows, context.colours, context.text_width());
    print_more(context, events);
    return status_of(exit_code::success);
}

}  // namespace

void add_event_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("event", "What the platform is told of by the message broker");
    group->require_subcommand(1);
    const auto options = std::make_shared<event_options>();
    auto* list = group->add_subcommand("list", "Events, newest first, and whether the broker has confirmed them");
    list->add_flag("--waiting,-w", options->waiting, "Only those that it has not");
    list->add_option("--limit,-n", options->limit, "How many")->capture_default_str()->check(CLI::Range(1, 100'000));
    list->add_flag("--all", options->all, "All of them");
    list->callback([=] { run([=](command_context& context) { return list_events(context, *options); }); });
}

}  // namespace orchestrator::cli
