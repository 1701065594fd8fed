#include "cli/patient_caller.h"

#include <fmt/format.h>

#include "cli/quantity_text.h"

namespace orchestrator::cli {
namespace {

milliseconds between(steady_time from, steady_time to) { return std::chrono::duration_cast<milliseconds>(to - from); }

}  // namespace

std::optional<boost::json::value> patient_caller::ask(const std::function<api_result()>& call) {
    std::optional<steady_time> away_since;
    while (!pace_.interrupted()) {
        const auto began = pace_.steady_now();
        auto answer = call();
        if (pace_.interrupted()) break;
        const auto now = pace_.steady_now();
        if (answer) {
            if (away_since) listener_.back(between(*away_since, now));
            return std::move(answer->body);
        }
        const auto& failure = answer.error();
        if (failure.code != exit_code::unavailable) throw command_failure{failure.code, failure.message};
        const bool first = !away_since;
        if (first) away_since = began;
        const auto left = patience - between(*away_since, now);
        if (left <= milliseconds{0})
            throw command_failure{failure.code, fmt::format("{}\n  gave up after {}; the execution is not affected",
                                                            failure.message, format_duration(patience))};
        listener_.away(failure.message, left, first);
        pace_.pause(between_attempts);
    }
    return std::nullopt;
}

}  // namespace orchestrator::cli
