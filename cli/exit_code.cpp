#include "cli/exit_code.h"

namespace orchestrator::cli {

exit_code exit_code_of_http_status(int status) {
    if (status >= 200 && status < 300) return exit_code::success;
    switch (status) {
        case 401:
        case 403:
            return exit_code::access_denied;
        case 404:
            return exit_code::not_found;
        case 409:
            return exit_code::conflict;
        default:
            return status >= 400 && status < 500 ? exit_code::refused : exit_code::unavailable;
    }
}

exit_code exit_code_of_execution(std::string_view status) {
    return status == "completed" ? exit_code::success : exit_code::run_failed;
}

std::string exit_code_help() {
    return "Exit codes:\n"
           "  0    it worked; with --wait or watch: the execution completed\n"
           "  1    the execution ended partial, failed or cancelled; doctor: something is bad\n"
           "  2    wrong usage or settings, or the server refused the input\n"
           "  3    there is no such workflow or execution; leader: nobody leads\n"
           "  4    no access\n"
           "  5    conflict: the name is taken, or the state does not allow it; migrate: the database is a newer "
           "program's\n"
           "  6    the server cannot be reached or has a problem of its own; serve, migrate: nor can the database\n"
           "  130  Ctrl-C while waiting; the execution goes on";
}

}  // namespace orchestrator::cli
