#include "cli/command_line.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

#include "adapters/http/client.h"
#include "cli/command_context.h"
#include "cli/option_values.h"
#include "cli/surroundings.h"
#include "cli/terminal.h"

namespace orchestrator::cli {
namespace {

constexpr auto default_server = "http://127.0.0.1:8018";

struct global_options {
    std::string server;
    std::string output = "table";
    bool no_colour = false;
};

http_origin server_of(const global_options& options, const surroundings& around) {
    const auto from_environment = around.environment("ORCHESTRATOR_URL");
    const bool given = !options.server.empty();
    const auto url = given ? options.server : from_environment.empty() ? default_server : from_environment;
    const auto origin = parse_http_origin(url);
    if (!origin)
        throw command_failure{exit_code::refused,
                              fmt::format("{}: \"{}\" is not an http or https URL such as {}",
                                          given ? "--server" : "ORCHESTRATOR_URL", url, default_server)};
    return *origin;
}

int run(const command& body, const global_options& options, const surroundings& around) {
    blocking_loop loop;
    const auto client = around.make_client(loop.context());
    api_client api{loop, *client, server_of(options, around)};
    const bool dumb = !around.out_is_terminal || around.environment("TERM") == "dumb";
    const bool coloured = !dumb && !options.no_colour && around.environment("NO_COLOR").empty();
    command_context context{.api = api,
                            .loop = loop,
                            .in = around.in,
                            .out = around.out,
                            .err = around.err,
                            .format = options.output == "json" ? output_format::json : output_format::table,
                            .colours = palette{coloured},
                            .out_is_terminal = !dumb,
                            .size = around.size};
    return body(context);
}

void describe(CLI::App& root, const std::string& version) {
    root.name("orchestrator");
    root.set_version_flag("--version", "orchestrator " + version, "Print the version");
    root.set_help_flag("-h,--help", "Print this help");
    root.require_subcommand(1);
    root.fallthrough();  // so that --server and --output may stand anywhere
    root.get_formatter()->column_width(34);
    root.get_formatter()->label("REQUIRED", "");
    root.get_formatter()->label("SUBCOMMAND", "COMMAND");
    root.get_formatter()->label("Positionals", "Arguments");
}

void add_global_options(CLI::App& root, global_options& options) {
    root.add_option("--server", options.server,
                    fmt::format("Where the orchestrator is; else ORCHESTRATOR_URL, else {}", default_server))
        ->type_name("URL");
    accept_choice(root.add_option("--output,-o", options.output, "How results are printed")->capture_default_str(),
                  "table|json");
    root.add_flag("--no-color", options.no_colour, "No colours; NO_COLOR in the environment does the same");
}

std::string root_footer() {
    return "Options of the program may stand anywhere. COMMAND --help shows more.\n\n"
           "Examples:\n"
           "  orchestrator workflow apply morning_bake.json\n"
           "  orchestrator workflow run morning_bake --wait\n"
           "  orchestrator execution list --failed\n"
           "  orchestrator execution show latest --tenants --status unsuccessful\n"
           "  orchestrator execution retry latest --wait\n\n" +
           exit_code_help();
}

const CLI::App& innermost(const CLI::App& root) {
    const auto* app = &root;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return *app;
}

std::string full_name(const CLI::App& app) {
    return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + ' ' + app.get_name();
}

// The heading above the commands in the help texts.
void head_commands(CLI::App& app) {
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
        command->group("Commands");
        head_commands(*command);
    }
}

// CLI11 says "A subcommand is required" for a misspelt one, too.
std::string explanation_of(const CLI::ParseError& refused, const CLI::App& root) {
    const auto& app = innermost(root);
    const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
    const auto rest = root.remaining(true);
    if (commands.empty()) return refused.what();
    std::vector<std::string> names;
    for (const auto* command : commands) names.push_back(command->get_name());
    const auto known = fmt::format("{}", fmt::join(names, ", "));
    if (rest.empty()) return fmt::format("{}: a command is missing; one of {}", full_name(app), known);
    if (rest.front().starts_with('-')) return refused.what();
    return fmt::format("{}: \"{}\" is no command; it has {}", full_name(app), rest.front(), known);
}

int answer_parse_end(const CLI::ParseError& end, const CLI::App& root, const surroundings& around) {
    if (dynamic_cast<const CLI::Success*>(&end) != nullptr) return root.exit(end, around.out, around.err);
    if (const auto* status = dynamic_cast<const CLI::RuntimeError*>(&end)) return status->get_exit_code();
    around.err << fmt::format("error: {}\nhelp:  {} --help\n", explanation_of(end, root), full_name(innermost(root)));
    return status_of(exit_code::refused);
}

surroundings process_surroundings() {
    return {.in = std::cin,
            .out = std::cout,
            .err = std::cerr,
            .out_is_terminal = stdout_is_terminal(),
            .size = terminal_size,
            .environment =
                [](const char* name) {
                    const auto* value = std::getenv(name);
                    return std::string{value == nullptr ? "" : value};
                },
            .make_client = [](asio::io_context& context) { return std::make_unique<http::client>(context); }};
}

}  // namespace

int run_command_line(int argc, const char* const* argv, const plugged_in_commands& others, const std::string& version,
                     const surroundings& around) {
    global_options options;
    int status = status_of(exit_code::success);
    CLI::App root{"The orchestrator of the bakery platform: runs workflows for thousands of tenants"};
    const auto runner = [&](const command& body) { status = run(body, options, around); };
    describe(root, version);
    add_global_options(root, options);
    add_workflow_commands(root, runner);
    add_execution_commands(root, runner);
    add_schedule_commands(root, runner);
    add_calendar_commands(root, runner);
    add_event_commands(root, runner);
    add_leader_command(root, runner);
    add_service_commands(root, runner);
    if (others.add) others.add(root, status);
    add_completion_command(root, [&](const std::string& script) { around.out << script; });
    root.footer(root_footer());
    head_commands(root);
    try {
        root.parse(argc, argv);
        around.out << std::flush;
        return status;
    } catch (const CLI::ParseError& end) {
        return answer_parse_end(end, root, around);
    } catch (const command_failure& failure) {
        around.err << fmt::format("error: {}\n", failure.what());
        return status_of(failure.code());
    } catch (const std::exception& broken) {
        around.err << fmt::format("error: {}\n", broken.what());
        return status_of(exit_code::run_failed);
    }
}

int run_command_line(int argc, char** argv, const plugged_in_commands& others, const std::string& version) {
    return run_command_line(argc, argv, others, version, process_surroundings());
}

}  // namespace orchestrator::cli
