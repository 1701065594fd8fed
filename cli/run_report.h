// What is said about an execution that has ended (or stands still on the screen): the outcome, the tenants, the steps
// and the reasons of the failures.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/execution_snapshot.h"
#include "cli/failure_summary.h"
#include "cli/palette.h"

namespace orchestrator::cli {

struct report_failures {
    std::vector<failure_group> groups;
    std::int64_t tenants_read = 0;  // how many unsuccessful tenant runs the groups are made from
    bool complete = true;           // false: there were more than are worth reading
};

// `width`: of the terminal; 0: unlimited.
[[nodiscard]] std::string run_report(const execution_snapshot&, const report_failures&, milliseconds elapsed,
                                     const palette&, std::size_t width);

// The table of the steps alone; empty without steps.
[[nodiscard]] std::string step_table(const std::vector<step_progress>&, const palette&, std::size_t width);

}  // namespace orchestrator::cli
