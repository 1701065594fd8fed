#include "ports/schedule_store.h"

namespace orchestrator {

std::string_view to_string(occurrence_outcome outcome) {
    switch (outcome) {
        case occurrence_outcome::started:
            return "started";
        case occurrence_outcome::missed:
            return "missed";
        case occurrence_outcome::overlapped:
            return "overlapped";
    }
    return "missed";
}

std::optional<occurrence_outcome> parse_occurrence_outcome(std::string_view text) {
    for (const auto outcome : {occurrence_outcome::started, occurrence_outcome::missed, occurrence_outcome::overlapped})
        if (text == to_string(outcome)) return outcome;
    return std::nullopt;
}

}  // namespace orchestrator
