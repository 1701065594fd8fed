// What the program's exit status says to a script. One table for every command; the help text is made from it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace orchestrator::cli {

enum class exit_code : int {
    success = 0,
    run_failed = 1,     // the command worked, but the execution that it waited for ended partial, failed or cancelled
    refused = 2,        // wrong usage, or input that the server refused
    not_found = 3,      // 404
    access_denied = 4,  // 401, 403
    conflict = 5,       // 409: the name is taken, or the state does not allow it
    unavailable = 6,    // no connection, no usable answer, 5xx
};

// What a command that waits exits with after a signal: 130 for Ctrl-C.
[[nodiscard]] constexpr int exit_status_of_signal(int signal) { return 128 + signal; }

// The code for an answer with this HTTP status; `success` for 2xx.
[[nodiscard]] exit_code exit_code_of_http_status(int status);

// The code for an execution that ended with this status ("completed", "partial", ...).
[[nodiscard]] exit_code exit_code_of_execution(std::string_view status);

// The table for the help text.
[[nodiscard]] std::string exit_code_help();

// Ends a command: thrown where it cannot go on, caught once by run_command_line, which prints the message to stderr.
// An exception, since nothing between the two places has anything to add or to undo.
class command_failure : public std::runtime_error {
  public:
    command_failure(exit_code code, const std::string& message) : std::runtime_error{message}, code_{code} {}

    [[nodiscard]] exit_code code() const { return code_; }

  private:
    exit_code code_;
};

}  // namespace orchestrator::cli
