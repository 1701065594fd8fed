#include "platform_simulator/behaviour/query.h"

#include <boost/url/parse_query.hpp>

namespace orchestrator::simulator {

std::optional<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> read;
    if (query.empty()) return read;  // Boost 1.81 follows the pointer of an empty view, which may be null
    const auto parameters = boost::urls::parse_query({query.data(), query.size()});
    if (!parameters) return std::nullopt;
    for (const auto& each : *parameters) read.emplace_back(each.key.decode(), each.value.decode());
    return read;
}

}  // namespace orchestrator::simulator
