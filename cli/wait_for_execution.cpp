#include "cli/wait_for_execution.h"

#include <fmt/format.h>

#include <ostream>

#include "cli/api_lists.h"
#include "cli/follow_execution.h"
#include "cli/json_text.h"
#include "cli/run_report.h"

namespace orchestrator::cli {
namespace {

system_time wall_clock() { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }

std::unique_ptr<progress_display> make_display(command_context& context) {
    if (context.wants_json()) return std::make_unique<quiet_progress>(context.err);
    if (context.out_is_terminal) return std::make_unique<live_progress>(context.out, context.colours, context.size);
    return std::make_unique<plain_progress>(context.out, context.err, context.loop);
}

int detach(command_context& context, const std::string& id) {
    context.err << fmt::format(
        "\ndetached; the execution goes on\n"
        "  follow it:  orchestrator execution watch {0}\n"
        "  cancel it:  orchestrator execution cancel {0}\n",
        id);
    return exit_status_of_signal(context.loop.signal());
}

void report(command_context& context, ended_execution ended) {
    const auto failures = read_failures(context.api, ended.snapshot);
    if (context.wants_json()) {
        ended.document["failures"] = to_json(failures.groups);
        context.out << write_indented(ended.document);
        return;
    }
    context.out << run_report(ended.snapshot, failures, ended.snapshot.elapsed(wall_clock()), context.colours,
                              context.text_width());
}

}  // namespace

int wait_for_execution(command_context& context, const std::string& id) {
    context.loop.catch_signals();
    std::optional<ended_execution> ended;
    {
        const auto display = make_display(context);  // its end gives the terminal back before anything else is printed
        const auto look = [&] { return context.api.try_send({.path = execution_path(id)}); };
        ended = follow_execution(look, wall_clock, context.loop, *display);
    }
    if (!ended) return detach(context, id);
    const auto status = ended->snapshot.status;
    report(context, std::move(*ended));
    return status_of(exit_code_of_execution(status));
}

}  // namespace orchestrator::cli
