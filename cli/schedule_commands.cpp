// orchestrator schedule preview.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/table.h"

namespace orchestrator::cli {
namespace {

struct preview_request {
    std::string expression;
    std::string timezone = "Europe/Madrid";
    std::string after;
    std::string language = "en";
    int count = 10;
};

std::string note_of(const json::object& occurrence) {
    const auto reason = text_of(occurrence, "reason");
    if (reason == "after_gap")
        return fmt::format("clocks go forward: {} does not exist", text_of(occurrence, "nominal").substr(11, 5));
    if (reason == "first_of_fold") return "clocks go back: the first of two";
    if (reason == "second_of_fold") return "clocks go back: the second of two";
    return {};
}

// "2026-03-29 03:00:00 +02:00"
std::string spaced(std::string text) {
    if (text.size() < 19) return text;
    text[10] = ' ';
    if (text.size() > 19 && (text[19] == '+' || text[19] == '-')) text.insert(19, " ");
    return text;
}

int preview(command_context& context, const preview_request& wanted) {
    const auto answer = context.api
                            .send({.path = "/schedule/preview",
                                   .query = {{"cron_expression", wanted.expression},
                                             {"timezone", wanted.timezone},
                                             {"limit", fmt::format("{}", wanted.count)},
                                             {"after", wanted.after}}})
                            .body;
    const auto* object = answer.if_object();
    if (context.wants_json() || object == nullptr) {
        context.out << write_indented(answer);
        return status_of(exit_code::success);
    }
    std::vector<table_row> rows;
    for (const auto& each : array_of(*object, "occurrences"))
        if (const auto* occurrence = each.if_object())
            rows.push_back({spaced(text_of(*occurrence, "local")), spaced(text_of(*occurrence, "at")).substr(0, 19),
                            note_of(*occurrence)});
    if (const auto* words = object->if_contains("description"); words != nullptr && words->is_object())
        context.out << text_of(words->get_object(), wanted.language) << "\n\n";
    if (rows.empty()) {
        context.out << "it is never due again before the year 2101\n";
        return status_of(exit_code::success);
    }
    context.out << render_table({{text_of(*object, "timezone")}, {"UTC"}, {"note", alignment::left, true}}, rows,
                                context.colours, context.text_width());
    return status_of(exit_code::success);
}

}  // namespace

void add_schedule_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("schedule", "See when things are due");
    group->require_subcommand(1);
    auto* verb = group->add_subcommand("preview", "When a cron expression is due, clock changes and all");
    auto wanted = std::make_shared<preview_request>();
    verb->add_option("EXPRESSION", wanted->expression, "minute hour day-of-month month day-of-week, in quotes")
        ->required()
        ->type_name("");
    verb->add_option("--timezone,-z", wanted->timezone, "On whose clock")->type_name("ZONE")->capture_default_str();
    verb->add_option("--count,-n", wanted->count, "How many")
        ->type_name("N")
        ->check(CLI::Range(1, 500))
        ->capture_default_str();
    verb->add_option("--after", wanted->after, "Only later ones, such as 2026-03-28T00:00:00Z; else from now on")
        ->type_name("TIME");
    accept_choice(
        verb->add_option("--language", wanted->language, "In which the expression is read back")->capture_default_str(),
        "en|es");
    verb->footer(
        "Examples:\n"
        "  orchestrator schedule preview \"0 8 * * *\"\n"
        "  orchestrator schedule preview \"30 2 * * *\" --after 2026-03-27T00:00:00Z   # the night that has no 02:30\n"
        "  orchestrator schedule preview \"0 9 * * mon#1\" --timezone Atlantic/Canary");
    verb->callback([=] { run([=](command_context& context) { return preview(context, *wanted); }); });
}

}  // namespace orchestrator::cli
