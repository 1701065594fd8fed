// What the command line touches outside of itself. The program has the process's own; tests put theirs in.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/progress_view.h"
#include "ports/http_client.h"

namespace orchestrator::cli {

struct surroundings {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool out_is_terminal = false;
    std::function<view_size()> size;
    std::function<std::string(const char* name)> environment;  // "" for what is not set
    std::function<std::unique_ptr<http_client>(asio::io_context&)> make_client;
};

int run_command_line(int argc, const char* const* argv, const plugged_in_commands&, const std::string& version,
                     const surroundings&);

}  // namespace orchestrator::cli
