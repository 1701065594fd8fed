// `orchestrator doctor`: looks at everything that this program stands on, and says how to mend what is wrong.
// Leaves nothing behind but the exchange that serve would make.
#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace orchestrator::server {

enum class health { good, doubtful, bad };
[[nodiscard]] std::string_view to_string(health);

struct finding {
    std::string subject;
    health state = health::good;
    std::string what;
    std::string mend;  // empty when all is well
};

// One or more for each thing that the configuration names. Takes some seconds when something does not answer.
[[nodiscard]] std::vector<finding> examine(const config&);

}  // namespace orchestrator::server
