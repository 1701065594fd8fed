// A request target (RFC 9112, section 3.2) taken apart: decoded path segments and query parameters.
// Refuses what no route could mean: malformed percent-encoding, control characters, text that is not UTF-8.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/error_response.h"

namespace orchestrator::api {

struct query_pair {
    std::string name;
    std::string value;
};

struct target {
    std::vector<std::string>
        segments;                   // decoded one by one, so that "%2F" does not split; "/a/" ends with an empty one
    std::vector<query_pair> query;  // in the order sent
};

// Both forms that a client may send: "/path?query" and "http://host/path?query".
[[nodiscard]] std::expected<target, problem> parse_target(std::string_view);

}  // namespace orchestrator::api
