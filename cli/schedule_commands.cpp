// orchestrator schedule list, next, preview, explain, dry-run.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/quantity_text.h"
#include "cli/table.h"

namespace orchestrator::cli {
namespace {

// "2026-03-29 03:00:00 +02:00"
std::string spaced(std::string text) {
    if (text.size() < 19) return text;
    text[10] = ' ';
    if (text.size() > 19 && (text[19] == '+' || text[19] == '-')) text.insert(19, " ");
    return text;
}

std::string utc_of(const json::object& firing) { return spaced(text_of(firing, "at")).substr(0, 19); }

std::string clock_note(const json::object& firing) {
    const auto reason = text_of(firing, "reason");
    const auto nominal = text_of(firing, "nominal");
    if (reason == "after_gap" && nominal.size() >= 16)
        return fmt::format("clocks go forward: {} does not exist", nominal.substr(11, 5));
    if (reason == "first_of_fold") return "clocks go back: the first of two";
    if (reason == "second_of_fold") return "clocks go back: the second of two";
    return {};
}

std::string note_of(const json::object& firing) {
    const auto clock = clock_note(firing);
    return clock.empty() ? text_of(firing, "explanation") : clock;
}

// "Europe/Madrid ES-MD"
std::string place_of(const json::object& group) {
    const auto calendar = text_of(group, "calendar");
    return text_of(group, "timezone") + (calendar.empty() ? "" : " " + calendar);
}

std::string places_of(const json::object& firing) {
    std::string text;
    for (const auto& each : array_of(firing, "tenant_groups"))
        if (const auto* group = each.if_object()) text += (text.empty() ? "" : ", ") + place_of(*group);
    return text;
}

void print_problems(command_context& context, const json::object& from) {
    for (const auto& each : array_of(from, "problems"))
        if (const auto* text = each.if_string())
            context.out << context.colours.paint(colour::red,
                                                 harmless(fmt::format("problem: {}", std::string_view{*text})))
                        << '\n';
}

// list

table_row schedule_row(const json::object& schedule) {
    const auto ready_by = text_of(schedule, "ready_by");
    const auto expression = text_of(schedule, "cron_expression");
    const bool is_set = !ready_by.empty() || !expression.empty();
    const auto problem = text_of(schedule, "schedule_problem");
    table_cell state{"scheduled", colour::green};
    if (!is_set) state = {"by hand", colour::plain};
    if (is_set && is_true(schedule, "is_paused")) state = {"paused", colour::yellow};
    if (!is_true(schedule, "is_enabled")) state = {"disabled", colour::yellow};
    if (!problem.empty()) state = {"problem", colour::red};
    const bool by_tenant = text_of(schedule, "timezone_mode") == "tenant";
    return {text_of(schedule, "workflow_name"),
            ready_by.empty() ? expression : "ready by " + ready_by,
            by_tenant ? "each tenant's" : text_of(schedule, "timezone"),
            state,
            format_instant(text_of(schedule, "next_execution_at")),
            problem};
}

int list(command_context& context) {
    const auto answer = context.api.send({.path = "/schedule"}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    std::vector<table_row> rows;
    for (const auto& each : array_of(answer.get_object(), "schedules"))
        if (const auto* schedule = each.if_object()) rows.push_back(schedule_row(*schedule));
    context.out << render_table({{"workflow", alignment::left, true},
                                 {"schedule"},
                                 {"clock"},
                                 {"state"},
                                 {"next start"},
                                 {"problem", alignment::left, true}},
                                rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

// next

int next(command_context& context, const std::string& workflow) {
    const auto answer = context.api.send({.path = "/schedule/next-run", .query = {{"workflow", workflow}}}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    std::vector<table_row> rows;
    for (const auto& each : array_of(answer.get_object(), "runs"))
        if (const auto* run = each.if_object())
            rows.push_back({text_of(*run, "workflow_name"), spaced(text_of(*run, "local")), utc_of(*run),
                            spaced(text_of(*run, "starts_at")).substr(0, 19), note_of(*run)});
    if (rows.empty()) {
        context.out << "nothing is scheduled\n";
        return status_of(exit_code::success);
    }
    context.out << render_table(
        {{"workflow", alignment::left, true}, {"due"}, {"UTC"}, {"starts (UTC)"}, {"note", alignment::left, true}},
        rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

// preview

// The fields of a schedule that a preview may have otherwise, by the options that name them.
struct schedule_option {
    const char* option;
    const char* field;
    const char* type;  // with "|": the choices
    const char* help;
};
constexpr std::array schedule_options{
    schedule_option{"--timezone,-z", "timezone", "ZONE", "On whose clock"},
    schedule_option{"--timezone-mode", "timezone_mode", "workflow|tenant", "On one clock, or on each tenant's own"},
    schedule_option{"--ready-by", "ready_by", "HH:MM", "In place of an expression: when results must be there"},
    schedule_option{"--calendar", "calendar", "CODE", "Whose holidays, such as ES-MD"},
    schedule_option{"--holiday-policy", "holiday_policy",
                    "run|skip|previous_business_day|next_business_day|alternative_cron", "What to do on holidays"},
    schedule_option{"--holiday-cron", "holiday_cron", "EXPRESSION", "What holds on holidays with alternative_cron"},
    schedule_option{"--weekend-cron", "weekend_cron", "EXPRESSION", "What holds on Saturdays and Sundays"},
    schedule_option{"--gap-policy", "gap_policy", "first_valid|skip", "When the clocks go forward over it"},
    schedule_option{"--fold-policy", "fold_policy", "first|last|both", "When the clocks go back over it"},
};

struct preview_request {
    std::string expression;
    std::string workflow;
    std::array<std::string, schedule_options.size()> fields;
    std::string after;
    std::string language = "en";
    int count = 10;
};

api_request request_of(const preview_request& wanted) {
    api_request request{.path = "/schedule/preview", .query = {{"cron_expression", wanted.expression}}};
    request.query.emplace_back("workflow", wanted.workflow);
    for (std::size_t i = 0; i < schedule_options.size(); ++i)
        request.query.emplace_back(schedule_options[i].field, wanted.fields[i]);
    request.query.emplace_back("limit", fmt::format("{}", wanted.count));
    request.query.emplace_back("after", wanted.after);
    return request;
}

int preview(command_context& context, const preview_request& wanted) {
    const auto answer = context.api.send(request_of(wanted)).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    const auto& shown = answer.get_object();
    const bool by_tenant = text_of(shown, "timezone_mode") == "tenant";
    std::vector<table_row> rows;
    for (const auto& each : array_of(shown, "occurrences"))
        if (const auto* firing = each.if_object()) {
            rows.push_back({spaced(text_of(*firing, "local")), utc_of(*firing), note_of(*firing)});
            if (by_tenant) rows.back().insert(rows.back().begin() + 2, table_cell{places_of(*firing)});
        }
    if (const auto& words = object_of(shown, "description"); !words.empty())
        context.out << text_of(words, wanted.language) << "\n\n";
    print_problems(context, shown);
    if (rows.empty()) {
        context.out << "it is never due again before the year 2101\n";
        return status_of(exit_code::success);
    }
    std::vector<table_column> columns{
        {by_tenant ? "local" : text_of(shown, "timezone")}, {"UTC"}, {"note", alignment::left, true}};
    if (by_tenant) columns.insert(columns.begin() + 2, {"for tenants of", alignment::left, true});
    context.out << render_table(columns, rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

// explain

colour colour_of(const std::string& outcome) {
    if (outcome == "started") return colour::green;
    if (outcome == "missed" || outcome == "overlapped") return colour::red;
    return colour::plain;
}

int explain(command_context& context, const std::string& workflow, const std::string& date) {
    const auto answer =
        context.api.send({.path = "/schedule/explain", .query = {{"workflow", workflow}, {"date", date}}}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    const auto& shown = answer.get_object();
    context.out << fmt::format("{} on {}: {}\n", harmless(text_of(shown, "workflow_name")), text_of(shown, "date"),
                               harmless(text_of(shown, "summary")));
    if (is_true(shown, "changed_since")) context.out << "the schedule was changed since; this is the one of that day\n";
    print_problems(context, shown);
    std::vector<table_row> rows;
    for (const auto& each : array_of(shown, "lines"))
        if (const auto* line = each.if_object()) {
            const auto local = text_of(*line, "local");
            const auto outcome = text_of(*line, "outcome");
            rows.push_back({spaced(local.empty() ? text_of(*line, "nominal") : local),
                            place_of(*line),
                            {outcome, colour_of(outcome)},
                            text_of(*line, "explanation"),
                            text_of(*line, "execution_id")});
        }
    if (rows.empty()) return status_of(exit_code::success);
    context.out
        << '\n'
        << render_table(
               {{"time"}, {"clock and calendar"}, {"outcome"}, {"because", alignment::left, true}, {"execution"}}, rows,
               context.colours, context.text_width());
    return status_of(exit_code::success);
}

// dry-run

std::string duration_text(const json::object& estimate) {
    const auto usual = number_of(estimate, "usual_duration_ms");
    const auto slow = number_of(estimate, "slow_duration_ms");
    if (!usual || !slow) return "not measured yet";
    return fmt::format("{}, at worst {}", format_duration(milliseconds{std::int64_t(*usual)}),
                       format_duration(milliseconds{std::int64_t(*slow)}));
}

void add_dry_rows(const json::object& workflow, std::vector<table_row>& rows) {
    const auto name = text_of(workflow, "workflow_name");
    for (const auto& each : array_of(workflow, "occurrences"))
        if (const auto* due = each.if_object()) {
            const auto& estimate = object_of(*due, "estimate");
            rows.push_back({name, spaced(text_of(*due, "local")), spaced(text_of(*due, "starts_at")).substr(0, 19),
                            places_of(*due), fmt::format("{}", integer_of(*due, "tenants")),
                            fmt::format("{}", integer_of(estimate, "calls")), duration_text(estimate), note_of(*due)});
        }
    for (const auto& each : array_of(workflow, "suppressed"))
        if (const auto* not_due = each.if_object())
            rows.push_back({name, spaced(text_of(*not_due, "nominal")), "-", place_of(*not_due), "-", "-", "-",
                            text_of(*not_due, "explanation")});
}

int dry_run(command_context& context, const std::string& date, const std::string& workflow) {
    const auto answer =
        context.api.send({.path = "/schedule/dry-run", .query = {{"date", date}, {"workflow", workflow}}}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    const auto& shown = answer.get_object();
    const auto& totals = object_of(shown, "totals");
    context.out << fmt::format("{}: {} executions, {} calls to the platform's services\n", text_of(shown, "date"),
                               integer_of(totals, "executions"), integer_of(totals, "calls"));
    if (!is_true(shown, "tenants_known"))
        context.out << "on which clocks the tenants live is not known yet: it is asked when a schedule needs it\n";
    std::vector<table_row> rows;
    for (const auto& each : array_of(shown, "workflows"))
        if (const auto* fields = each.if_object()) {
            for (const auto& problem : array_of(*fields, "problems"))
                if (const auto* text = problem.if_string())
                    context.out << context.colours.paint(
                                       colour::red, harmless(fmt::format("{}: {}", text_of(*fields, "workflow_name"),
                                                                         std::string_view{*text})))
                                << '\n';
            add_dry_rows(*fields, rows);
        }
    if (rows.empty()) return status_of(exit_code::success);
    constexpr auto right = alignment::right;
    context.out << '\n'
                << render_table({{"workflow", alignment::left, true},
                                 {"due"},
                                 {"starts (UTC)"},
                                 {"for tenants of", alignment::left, true},
                                 {"tenants", right},
                                 {"calls", right},
                                 {"takes"},
                                 {"note", alignment::left, true}},
                                rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

void add_preview(CLI::App& group, const command_runner& run) {
    auto* verb = group.add_subcommand("preview", "When a workflow, or any expression, is due, clock changes and all");
    auto wanted = std::make_shared<preview_request>();
    verb->add_option("EXPRESSION", wanted->expression, "minute hour day-of-month month day-of-week, in quotes")
        ->type_name("");
    verb->add_option("--workflow,-w", wanted->workflow, "The schedule of this workflow, with what is said otherwise")
        ->type_name("NAME");
    for (std::size_t i = 0; i < schedule_options.size(); ++i) {
        const auto& each = schedule_options[i];
        auto* option = verb->add_option(each.option, wanted->fields[i], each.help);
        if (std::string_view{each.type}.contains('|'))
            accept_choice(option, each.type);
        else
            option->type_name(each.type);
    }
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
        "  orchestrator schedule preview \"0 9 * * mon#1\" --timezone Atlantic/Canary\n"
        "  orchestrator schedule preview --workflow daily_operations --calendar ES-MD --holiday-policy skip");
    verb->callback([=] {
        const bool has_any = !wanted->expression.empty() || !wanted->workflow.empty() || !wanted->fields[2].empty();
        if (!has_any) throw CLI::RequiredError{"EXPRESSION, --workflow or --ready-by"};
        run([=](command_context& context) { return preview(context, *wanted); });
    });
}

}  // namespace

void add_schedule_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("schedule", "See when things are due, why, and what they will cost");
    group->require_subcommand(1);
    group->footer("To change a schedule: orchestrator workflow show NAME -o json, edit, workflow apply.");
    group->add_subcommand("list", "Every workflow with its schedule")->callback([=] { run(list); });

    auto* next_verb = group->add_subcommand("next", "What starts next");
    auto of_next = std::make_shared<std::string>();
    next_verb->add_option("NAME", *of_next, "Only this workflow")->type_name("");
    next_verb->callback([=] { run([=](command_context& context) { return next(context, *of_next); }); });

    add_preview(*group, run);

    auto* explain_verb = group->add_subcommand("explain", "Why a workflow ran on a day, or why it did not");
    auto of_explain = std::make_shared<std::string>();
    auto day = std::make_shared<std::string>();
    explain_verb->add_option("NAME", *of_explain, "The workflow_name or the id")->required()->type_name("");
    explain_verb->add_option("DATE", *day, "The day, such as 2026-12-24")->required()->type_name("");
    explain_verb->footer("Example:\n  orchestrator schedule explain daily_operations 2026-01-06");
    explain_verb->callback([=] { run([=](command_context& context) { return explain(context, *of_explain, *day); }); });

    auto* dry_verb = group->add_subcommand("dry-run", "What a day has in store: who, when, how long, how many calls");
    auto date = std::make_shared<std::string>();
    auto of_dry = std::make_shared<std::string>();
    dry_verb->add_option("DATE", *date, "The day, such as 2026-12-24; else tomorrow")->type_name("");
    dry_verb->add_option("--workflow,-w", *of_dry, "Only this workflow")->type_name("NAME");
    dry_verb->callback([=] { run([=](command_context& context) { return dry_run(context, *date, *of_dry); }); });

    add_backfill_commands(*group, run);
}

}  // namespace orchestrator::cli
