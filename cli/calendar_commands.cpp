// orchestrator calendar list, show, import, delete.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/command_context.h"
#include "cli/input_file.h"
#include "cli/json_text.h"
#include "cli/quantity_text.h"
#include "cli/table.h"
#include "domain/json/exact_json.h"

namespace orchestrator::cli {
namespace {

std::string calendar_path(const std::string& code, std::string_view rest = "") {
    return fmt::format("/calendars/{}{}", percent_encoded(code), rest);
}

int list(command_context& context) {
    const auto answer = context.api.send({.path = "/calendars"}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    std::vector<table_row> rows;
    for (const auto& each : array_of(answer.get_object(), "calendars"))
        if (const auto* of = each.if_object())
            rows.push_back({text_of(*of, "calendar"), text_of(*of, "name"), text_of(*of, "parent"),
                            fmt::format("{}", integer_of(*of, "version")),
                            is_true(*of, "is_builtin") ? "built in" : "changed here",
                            format_instant(text_of(*of, "updated_at"))});
    context.out << render_table({{"calendar"},
                                 {"name", alignment::left, true},
                                 {"on top of"},
                                 {"version", alignment::right},
                                 {"origin"},
                                 {"since"}},
                                rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

// The days of one year; as JSON the rules, which can be edited and imported.
int show(command_context& context, const std::string& code, int year) {
    if (context.wants_json()) {
        context.out << write_indented(context.api.send({.path = calendar_path(code)}).body);
        return status_of(exit_code::success);
    }
    const auto asked = year == 0 ? std::string{} : fmt::format("{}", year);
    const auto answer = context.api.send({.path = calendar_path(code, "/holidays"), .query = {{"year", asked}}}).body;
    if (!answer.is_object()) return status_of(exit_code::success);
    const auto& shown = answer.get_object();
    std::vector<table_row> rows;
    for (const auto& each : array_of(shown, "holidays"))
        if (const auto* day = each.if_object())
            rows.push_back({text_of(*day, "date"), text_of(*day, "name"), text_of(*day, "calendar"),
                            is_true(*day, "moved_from_sunday") ? "moved from Sunday" : ""});
    if (rows.empty()) {
        context.out << fmt::format("calendar {} has no holiday in {}\n", harmless(code), integer_of(shown, "year"));
        return status_of(exit_code::success);
    }
    context.out << render_table({{"date"}, {"holiday", alignment::left, true}, {"calendar"}, {"note"}}, rows,
                                context.colours, context.text_width());
    return status_of(exit_code::success);
}

struct import_request {
    std::string file;
    std::string code;
    std::string name;
    std::string parent;
    bool dry_run = false;
};

json::object& calendar_in(json::value& read, const std::string& file) {
    if (!read.is_object())
        throw command_failure{exit_code::refused, fmt::format("{}: is no JSON object; one calendar is expected", file)};
    // What only the server sets, in what `calendar show -o json` wrote.
    for (const auto* field : {"version", "is_builtin", "is_deleted", "updated_at"}) read.get_object().erase(field);
    auto& fields = read.get_object();
    if (fields.contains("parent") && fields.at("parent").is_null()) fields.erase("parent");
    return fields;
}

json::value import_json(command_context& context, const import_request& wanted, std::string_view text) {
    auto read = read_json_file(wanted.file, text);
    auto& fields = calendar_in(read, wanted.file);
    if (!wanted.name.empty()) fields["name"] = wanted.name;
    if (!wanted.parent.empty()) fields["parent"] = wanted.parent;
    const auto code = wanted.code.empty() ? text_of(fields, "calendar") : wanted.code;
    if (code.empty())
        throw command_failure{
            exit_code::refused,
            fmt::format("{}: /calendar: is required, a code such as ES-MD; or say --as CODE", wanted.file)};
    fields["calendar"] = code;
    if (wanted.dry_run) return read;
    return context.api.send({.method = http_method::put, .path = calendar_path(code), .body = write_json_exactly(read)})
        .body;
}

json::value import_icalendar(command_context& context, const import_request& wanted, std::string text) {
    if (wanted.code.empty())
        throw command_failure{exit_code::refused,
                              "--as CODE is required: an iCalendar file does not say how schedules would name it"};
    return context.api
        .send({.method = http_method::post,
               .path = calendar_path(wanted.code, "/import"),
               .query = {{"name", wanted.name}, {"parent", wanted.parent}, {"dry_run", wanted.dry_run ? "true" : ""}},
               .body = std::move(text),
               .headers = {{"Content-Type", "text/calendar"}}})
        .body;
}

int import_file(command_context& context, const import_request& wanted) {
    auto text = read_input(wanted.file, context.in);
    const auto begin = text.find_first_not_of(" \t\r\n");
    const bool is_json = begin != std::string::npos && text[begin] == '{';
    const auto stored =
        is_json ? import_json(context, wanted, text) : import_icalendar(context, wanted, std::move(text));
    if (printed_as_json(context, stored)) return status_of(exit_code::success);
    const auto& shown = stored.get_object();
    const auto rules = array_of(shown, "holidays").size();
    const auto code = harmless(text_of(shown, "calendar"));
    context.out << fmt::format("{} {} ({}): {} holiday{}\n", wanted.dry_run ? "would import" : "imported", code,
                               harmless(text_of(shown, "name")), rules, rules == 1 ? "" : "s");
    for (const auto& each : array_of(shown, "left_out"))
        if (const auto* why = each.if_string())
            context.out << context.colours.paint(colour::yellow,
                                                 harmless(fmt::format("left out: {}", std::string_view{*why})))
                        << '\n';
    if (!wanted.dry_run) context.out << fmt::format("see it with:  orchestrator calendar show {}\n", code);
    return status_of(exit_code::success);
}

int remove(command_context& context, const std::string& code) {
    const auto last = context.api.send({.path = calendar_path(code)}).body;
    context.api.send({.method = http_method::delete_, .path = calendar_path(code)});
    if (context.wants_json()) {
        context.out << write_indented(last);
        return status_of(exit_code::success);
    }
    context.out << fmt::format("deleted calendar {}\nundo it with:  orchestrator calendar restore {}\n", harmless(code),
                               harmless(code));
    return status_of(exit_code::success);
}

// The version before the deletion, put back as a new one.
int restore(command_context& context, const std::string& code) {
    json::value last;
    for (int version = 1;; ++version) {
        auto older =
            context.api.try_send({.path = calendar_path(code), .query = {{"version", fmt::format("{}", version)}}});
        if (!older && older.error().code == exit_code::not_found) break;
        if (!older) throw command_failure{older.error().code, older.error().message};
        if (older->body.is_object() && !is_true(older->body.get_object(), "is_deleted")) last = std::move(older->body);
    }
    if (last.is_null())
        throw command_failure{exit_code::not_found, fmt::format("calendar \"{}\" was never there", code)};
    calendar_in(last, code);
    const auto stored =
        context.api.send({.method = http_method::put, .path = calendar_path(code), .body = write_json_exactly(last)})
            .body;
    if (context.wants_json())
        context.out << write_indented(stored);
    else
        context.out << fmt::format("restored calendar {}\n", harmless(code));
    return status_of(exit_code::success);
}

CLI::App* add_with_code(CLI::App& group, const char* verb, const char* help, const std::shared_ptr<std::string>& code) {
    auto* made = group.add_subcommand(verb, help);
    made->add_option("CODE", *code, "The calendar, such as ES-MD")->required()->type_name("");
    return made;
}

}  // namespace

void add_calendar_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("calendar", "The holidays that schedules mind");
    group->require_subcommand(1);
    group->footer(
        "Example:\n  orchestrator calendar show ES-MD --year 2027\n"
        "  orchestrator calendar import closing_days.ics --as tenant:3fa85f64-5717-4562-b3fc-2c963f66afa6 --parent "
        "ES-MD");
    group->add_subcommand("list", "All calendars")->callback([=] { run(list); });

    const auto code = std::make_shared<std::string>();
    auto year = std::make_shared<int>(0);
    auto* show_verb = add_with_code(*group, "show", "The holidays of a year; with -o json the rules", code);
    show_verb->add_option("--year,-y", *year, "Which year; else this one")
        ->type_name("YEAR")
        ->check(CLI::Range(2000, 2100));
    show_verb->callback([=] { run([=](command_context& context) { return show(context, *code, *year); }); });

    auto wanted = std::make_shared<import_request>();
    auto* import_verb = group->add_subcommand("import", "Create or replace a calendar from an iCalendar or JSON file");
    import_verb->add_option("FILE", wanted->file, "The file; - reads stdin")->required()->type_name("");
    import_verb->add_option("--as", wanted->code, "The code that schedules name it by; required for iCalendar")
        ->type_name("CODE");
    import_verb->add_option("--name", wanted->name, "What people call it")->type_name("TEXT");
    import_verb->add_option("--parent", wanted->parent, "The calendar whose holidays hold, too")->type_name("CODE");
    import_verb->add_flag("--dry-run", wanted->dry_run, "Only show what would be stored");
    import_verb->footer(
        "Examples:\n  orchestrator calendar import closing_days.ics --as san_gines --parent ES-MD\n"
        "  orchestrator calendar show ES-MD -o json > madrid.json   # edit it, then import it");
    import_verb->callback([=] { run([=](command_context& context) { return import_file(context, *wanted); }); });

    add_with_code(*group, "delete", "Hide a calendar that nothing names; restore undoes it", code)->callback([=] {
        run([=](command_context& context) { return remove(context, *code); });
    });
    add_with_code(*group, "restore", "Undo a delete", code)->callback([=] {
        run([=](command_context& context) { return restore(context, *code); });
    });
}

}  // namespace orchestrator::cli
