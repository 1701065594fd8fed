// What a command works with: the API, the streams and how the person wants to see things.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "cli/api_client.h"
#include "cli/palette.h"
#include "cli/progress_view.h"

namespace CLI {
class App;
}

namespace orchestrator::cli {

enum class output_format { table, json };

struct command_context {
    api_client& api;
    blocking_loop& loop;
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    output_format format = output_format::table;
    palette colours{false};
    bool out_is_terminal = false;
    std::function<view_size()> size;

    [[nodiscard]] bool wants_json() const { return format == output_format::json; }
    // For tables and reports; 0: unlimited, so that nothing is cut in a file or pipe.
    [[nodiscard]] std::size_t text_width() const { return out_is_terminal ? size().columns : 0; }
};

// For --output json, and for what is no object: prints the answer as it came. False: it is left to the command.
[[nodiscard]] bool printed_as_json(command_context&, const boost::json::value& answer);

struct list_part;
// The list as the API would answer it in one page.
void print_list_as_json(command_context&, const char* name, list_part);
// On stderr, if the list goes on after what was shown.
void print_more(command_context&, const list_part&);

// A command's body; its value is the exit status of the program.
using command = std::function<int(command_context&)>;
// Runs a command after the whole command line was read.
using command_runner = std::function<void(const command&)>;

[[nodiscard]] constexpr int status_of(exit_code code) { return static_cast<int>(code); }

// Each adds its commands to the root of the tree, or to a group that is there already.
void add_workflow_commands(CLI::App& root, const command_runner&);
void add_execution_commands(CLI::App& root, const command_runner&);
void add_schedule_commands(CLI::App& root, const command_runner&);
void add_calendar_commands(CLI::App& root, const command_runner&);
void add_event_commands(CLI::App& root, const command_runner&);
void add_leader_command(CLI::App& root, const command_runner&);
void add_service_commands(CLI::App& root, const command_runner&);
void add_completion_command(CLI::App& root, std::function<void(const std::string& script)> print);

// Parts of the groups above, in files of their own.
void add_workflow_apply(CLI::App& workflow, const command_runner&);
void add_workflow_run(CLI::App& workflow, const command_runner&);
void add_backfill_commands(CLI::App& schedule, const command_runner&);
void add_execution_retry(CLI::App& execution, const command_runner&);
void add_execution_watch(CLI::App& execution, const command_runner&);
void add_execution_logs(CLI::App& execution, const command_runner&);

}  // namespace orchestrator::cli
