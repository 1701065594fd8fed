// Everything that the API answers besides success: one table from errc to HTTP status, and problem documents
// (RFC 9457). Nothing of a downstream body or a stack gets in here.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "api/message.h"
#include "domain/error.h"

namespace orchestrator::api {

struct problem {
    int status = 500;
    std::string code = "internal";
    std::string detail;
    std::vector<violation> errors{};  // pointer into the body, or query:NAME, path:NAME, header:NAME
    http_headers headers{};           // beside those of every answer
};

using answer = std::expected<response, problem>;

[[nodiscard]] problem problem_of(error);
[[nodiscard]] response to_response(const problem&);

// The short forms for `return` and `co_return`.
[[nodiscard]] std::unexpected<problem> refuse(error);
[[nodiscard]] std::unexpected<problem> refuse(errc, std::string detail);
[[nodiscard]] std::unexpected<problem> refuse_unreadable(std::vector<violation>);    // 400: not understood at all
[[nodiscard]] std::unexpected<problem> refuse_broken_rules(std::vector<violation>);  // 422: understood, and wrong

}  // namespace orchestrator::api
