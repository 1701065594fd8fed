// The program `orchestrator`: the command line of cli/, and the commands that run here instead of asking a server.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <string>

#include "cli/command_line.h"
#include "server/config.h"
#include "server/migrate.h"
#include "server/serve.h"

extern char** environ;

namespace {

using namespace orchestrator;

constexpr int usage_error = 2;

server::environment read_environment() {
    server::environment variables;
    for (char** variable = environ; *variable; ++variable) {
        const std::string_view text{*variable};
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

// Runs `work` with the configuration, or tells every error of it.
template <class Work>
int with_config(Work work) {
    const auto config = server::parse_config(read_environment());
    if (config) return work(*config);
    for (const auto& wrong : config.error()) fmt::print(stderr, "{}: {}\n", wrong.pointer, wrong.message);
    return usage_error;
}

std::string settings_text() {
    std::string text = "Settings (environment variables):\n";
    for (const auto& line : server::settings())
        text += fmt::format("  {:<36} {} [{}]\n", line.name, line.meaning, line.default_value);
    return text;
}

void add_commands(CLI::App& root, int& exit_status) {
    auto* serve = root.add_subcommand("serve", "Run the orchestrator: engine and HTTP API, until SIGINT or SIGTERM");
    auto ready_file = std::make_shared<std::string>();
    serve->add_option("--ready-file", *ready_file, "Write the API's base URL to this file once it listens");
    serve->footer(settings_text());
    serve->callback([ready_file, &exit_status] {
        exit_status = with_config([&](const server::config& config) { return server::serve(config, *ready_file); });
    });

    auto* migrate = root.add_subcommand("migrate", "Bring the database named by DATABASE_URL to this program's schema");
    migrate->callback([&exit_status] { exit_status = with_config(server::migrate); });
}

}  // namespace

int main(int argc, char** argv) {
    return cli::run_command_line(argc, argv, {.add = add_commands}, ORCHESTRATOR_VERSION);
}
