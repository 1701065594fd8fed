// Which handler answers a request: a table of method and pattern. Pure.
// A literal segment is preferred to a parameter, so that /executions/failed is not taken for an execution's id.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/error_response.h"
#include "api/target.h"

namespace orchestrator::api {

struct api_dependencies;

struct routed_request {
    request message;
    std::vector<query_pair> query;
    std::string id;  // what stands for {id} in the path, decoded; empty when the pattern has none
};

// Called with dependencies that outlive the answer, its stream included.
using handler = task<answer> (*)(const api_dependencies&, routed_request);

// What the handler reads itself. All else that a caller sends is refused before it, unread.
enum class route_input {
    nothing,
    query,
    body,
    query_and_body,
};

struct route {
    std::string_view method;
    std::string_view pattern;  // below the base path: "/executions/{id}/logs"
    route_input input;
    handler handle;
};

struct route_match {
    const route* found;
    std::string id;
};

// `segments`: of the path below the base. HEAD is answered by GET's route.
// Otherwise a problem: 404 for a path that no pattern has, 405 with Allow for a method that the path does not have.
[[nodiscard]] std::expected<route_match, problem> find_route(std::span<const route> table, std::string_view method,
                                                             std::span<const std::string> segments);

}  // namespace orchestrator::api
