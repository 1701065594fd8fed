#include "cli/follow_execution.h"

namespace orchestrator::cli {

std::optional<ended_execution> follow_execution(const std::function<api_result()>& look,
                                                const std::function<system_time()>& wall_clock, pacing& pace,
                                                progress_display& display) {
    patient_caller caller{pace, display};
    while (auto document = caller.ask(look)) {
        auto snapshot = read_execution(*document);
        if (!snapshot)
            throw command_failure{exit_code::unavailable,
                                  "the server's answer is not an execution; is it of another "
                                  "version, or no orchestrator?"};
        display.show(*snapshot, snapshot->elapsed(wall_clock()));
        if (snapshot->has_ended()) return ended_execution{std::move(document->get_object()), std::move(*snapshot)};
        pace.pause(between_looks);
    }
    return std::nullopt;
}

}  // namespace orchestrator::cli
