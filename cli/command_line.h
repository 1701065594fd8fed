// The command line of the program `orchestrator`. Called by server/main.cpp, which plugs its own commands in; knows
// nothing of the server beyond its HTTP API.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace orchestrator::cli {

// Commands that live elsewhere (`serve`, `migrate`). `add` puts them below the root:
//
//     root.add_subcommand("serve", "...")->callback([&exit_status] { exit_status = serve(); });
//
// Their callbacks run after the whole command line was read and accepted. `exit_status` outlives them; it is 0 unless
// they set it. They may throw CLI::RuntimeError(status) too; std::exception is printed and ends with 1.
struct plugged_in_commands {
    std::function<void(CLI::App& root, int& exit_status)> add;  // may be empty
};

// The exit status of the program; the table is in exit_code.h. Reads ORCHESTRATOR_URL and NO_COLOR.
int run_command_line(int argc, char** argv, const plugged_in_commands&, const std::string& version);

}  // namespace orchestrator::cli
