// orchestrator service list, show, pause, resume, limit.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "cli/command_context.h"
#include "cli/json_text.h"
#include "cli/quantity_text.h"
#include "cli/table.h"
#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

struct pause_request {
    std::string service;
    std::string duration;
    std::string until;
    std::string reason;
};

std::string service_path(const std::string& name) { return "/services/" + percent_encoded(name); }

colour colour_of(const std::string& state) {
    if (state == "well") return colour::green;
    if (state == "down") return colour::red;
    return state == "unused" ? colour::plain : colour::yellow;
}

// "88/240"; "-" for what this instance has not called yet.
std::string places_of(const json::object& service) {
    if (!number_of(service, "limit")) return "-";
    return fmt::format("{}/{}", integer_of(service, "in_flight"), integer_of(service, "limit"));
}

// list

int list(command_context& context) {
    const auto answer = context.api.send({.path = "/services"}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    std::vector<table_row> rows;
    for (const auto& each : array_of(answer.get_object(), "services"))
        if (const auto* service = each.if_object()) {
            const auto state = text_of(*service, "state");
            rows.push_back({text_of(*service, "name"),
                            {state, colour_of(state)},
                            places_of(*service),
                            fmt::format("{}", integer_of(*service, "waiting")),
                            text_of(*service, "why")});
        }
    constexpr auto right = alignment::right;
    context.out << render_table({{"service", alignment::left, true},
                                 {"state"},
                                 {"calls", right},
                                 {"waiting", right},
                                 {"because", alignment::left, true}},
                                rows, context.colours, context.text_width());
    return status_of(exit_code::success);
}

// show

std::string setting_of(const json::object& service) {
    const auto& settings = object_of(service, "settings");
    const auto most = integer_of(settings, "max_calls");
    const auto until = text_of(settings, "paused_until");
    if (most == 0 && until.empty()) return "nothing";  // a reason without a setting is of no interest
    std::string text = most > 0 ? fmt::format("{} calls at most", most) : "";
    if (!until.empty()) text += fmt::format("{}paused until {}", text.empty() ? "" : ", ", format_instant(until));
    if (const auto reason = text_of(settings, "reason"); !reason.empty()) text += ": " + reason;
    return text;
}

void print_service(command_context& context, const json::object& service) {
    const auto state = text_of(service, "state");
    const auto line = [&](std::string_view title, const std::string& text) {
        context.out << fmt::format("{:<12}{}\n", title, harmless(text));
    };
    context.out << fmt::format("{:<12}{}\n", "service", harmless(text_of(service, "name")))
                << fmt::format("{:<12}{}\n", "state", context.colours.paint(colour_of(state), harmless(state)));
    line("because", text_of(service, "why"));
    if (number_of(service, "limit")) {
        line("calls", fmt::format("{} in flight, {} allowed now, {} at most; {} wait", integer_of(service, "in_flight"),
                                  integer_of(service, "limit"), integer_of(service, "max_calls"),
                                  integer_of(service, "waiting")));
        line("breaker", fmt::format("{}; {} of {} calls failed in the last 10 s", text_of(service, "breaker"),
                                    integer_of(service, "recent_failures"), integer_of(service, "recent_calls")));
        line("retries", fmt::format("{} may start now, {} wait", integer_of(service, "retry_tokens"),
                                    integer_of(service, "retries_waiting")));
        if (const auto until = text_of(service, "paused_until"); !until.empty())
            line("paused", fmt::format("until {} by the {}", format_instant(until), text_of(service, "paused_by")));
        line("answered", format_instant(text_of(service, "answered_at")));
    }
    line("set", setting_of(service));
}

int show(command_context& context, const std::string& name) {
    const auto answer = context.api.send({.path = service_path(name)}).body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    print_service(context, answer.get_object());
    return status_of(exit_code::success);
}

// pause, resume, limit

int change(command_context& context, const std::string& name, const json::object& change) {
    const auto answer =
        context.api.send({.method = http_method::put, .path = service_path(name), .body = json::serialize(change)})
            .body;
    if (printed_as_json(context, answer)) return status_of(exit_code::success);
    context.out << fmt::format("{}: set is now {}\nevery instance follows with its next heartbeat\n", harmless(name),
                               harmless(setting_of(answer.get_object())));
    return status_of(exit_code::success);
}

int pause(command_context& context, const pause_request& wanted) {
    json::object setting;
    if (wanted.duration.empty())
        setting["paused_until"] = wanted.until;
    else  // by the clock of the service, which is the one that counts
        setting["pause_for_seconds"] =
            std::chrono::ceil<std::chrono::seconds>(*parse_duration(wanted.duration)).count();
    setting["reason"] = wanted.reason;
    return change(context, wanted.service, setting);
}

CLI::Option* add_name(CLI::App* verb, std::string& name) {
    return verb->add_option("NAME", name, "The service, as in \"orchestrator service list\"")
        ->required()
        ->type_name("");
}

void add_pause(CLI::App& group, const command_runner& run) {
    auto* verb = group.add_subcommand("pause", "Call a service no more for a while; what needs it waits");
    auto wanted = std::make_shared<pause_request>();
    add_name(verb, wanted->service);
    auto* duration = verb->add_option("--for", wanted->duration, "For how long: 90s, 30m, 2h, 7d")->type_name("TIME");
    duration->check([](const std::string& text) {
        return parse_duration(text) ? std::string{}
                                    : fmt::format("\"{}\" is no duration such as 90s, 30m, 2h or 7d", text);
    });
    auto* until = verb->add_option("--until", wanted->until, "Until when, such as 2026-12-24T18:00:00Z")
                      ->type_name("TIME")
                      ->excludes(duration);
    verb->add_option("--reason", wanted->reason, "Why: shown to whoever finds it")->type_name("TEXT")->required();
    verb->footer("Example:\n  orchestrator service pause inventory --for 30m --reason \"database is moved, INC-512\"");
    verb->callback([=] {
        if (duration->empty() && until->empty()) throw CLI::RequiredError{"--for or --until"};
        run([=](command_context& context) { return pause(context, *wanted); });
    });
}

void add_limit(CLI::App& group, const command_runner& run) {
    auto* verb = group.add_subcommand("limit", "Bound the calls to a service that each instance has in flight");
    auto name = std::make_shared<std::string>();
    auto most = std::make_shared<int>(0);
    auto lift = std::make_shared<bool>(false);
    auto reason = std::make_shared<std::string>();
    add_name(verb, *name);
    auto* number = verb->add_option("CALLS", *most, "At most so many")->type_name("")->check(CLI::Range(1, 100'000));
    verb->add_flag("--lift", *lift, "As configured again")->excludes(number);
    verb->add_option("--reason", *reason, "Why: shown to whoever finds it")->type_name("TEXT");
    verb->footer(
        "Examples:\n  orchestrator service limit production 20 --reason \"one of its two servers is down\"\n"
        "  orchestrator service limit production --lift");
    verb->callback([=] {
        if (number->empty() && !*lift) throw CLI::RequiredError{"CALLS or --lift"};
        run([=](command_context& context) {
            json::object body{{"max_calls", *lift ? json::value{} : json::value(*most)}};
            if (!reason->empty()) body["reason"] = *reason;
            return change(context, *name, body);
        });
    });
}

}  // namespace

void add_service_commands(CLI::App& root, const command_runner& run) {
    auto* group = root.add_subcommand("service", "See how the platform's services are doing; pause and limit them");
    group->require_subcommand(1);
    group->footer("What is set holds on all instances; what is shown is seen by the one that answers.");
    group->add_subcommand("list", "Every service: its state, and why")->callback([=] { run(list); });

    auto* show_verb = group->add_subcommand("show", "One service in full");
    auto of_show = std::make_shared<std::string>();
    add_name(show_verb, *of_show);
    show_verb->callback([=] { run([=](command_context& context) { return show(context, *of_show); }); });

    add_pause(*group, run);

    auto* resume_verb = group->add_subcommand("resume", "End a pause");
    auto of_resume = std::make_shared<std::string>();
    add_name(resume_verb, *of_resume);
    resume_verb->callback([=] {
        run([=](command_context& context) { return change(context, *of_resume, {{"paused_until", nullptr}}); });
    });

    add_limit(*group, run);
}

}  // namespace orchestrator::cli
