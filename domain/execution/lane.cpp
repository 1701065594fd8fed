#include "domain/execution/lane.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace orchestrator {
namespace {

constexpr std::string_view between = ", ";  // queries/tenant_runs.sql splits by it, too
constexpr std::size_t longest_name = 500;   // it is the key of an index

}  // namespace

std::string lane_of(const std::set<std::string_view>& services) {
    auto name = fmt::format("{}", fmt::join(services, between));
    return name.size() <= longest_name ? name : std::string{};
}

bool is_closed_lane(std::string_view lane, const std::vector<std::string>& closed_services) {
    if (lane.empty()) return false;
    for (;;) {
        const auto end = lane.find(between);
        if (std::ranges::find(closed_services, lane.substr(0, end)) == closed_services.end()) return false;
        if (end == std::string_view::npos) return true;
        lane.remove_prefix(end + between.size());
    }
}

}  // namespace orchestrator
