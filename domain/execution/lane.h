// A lane of the queue: the runs that wait to call the same services. It is closed while all of these are.
// workflow.h names the lane of a run; the stores leave out closed ones.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace orchestrator {

// "forecasting, inventory". Empty, and never closed: no service, or more than a name can hold.
[[nodiscard]] std::string lane_of(const std::set<std::string_view>& services);

[[nodiscard]] bool is_closed_lane(std::string_view lane, const std::vector<std::string>& closed_services);

}  // namespace orchestrator
