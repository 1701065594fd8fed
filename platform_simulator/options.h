// The command line of the platform simulator.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "platform_simulator/behaviour/bakeries.h"
#include "platform_simulator/behaviour/fault_rules.h"

namespace orchestrator::simulator {

struct options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8'100;  // 0: a free one
    std::string base_path;       // of all services, such as /bakery; empty: none
    bakery_settings bakeries;
    fault_plan faults;
    std::string ready_file;  // empty: none
};

// The error is the exit code; what is to be said has been printed. Help ends the program with 0.
[[nodiscard]] std::expected<options, int> read_options(int argc, char** argv);

}  // namespace orchestrator::simulator
