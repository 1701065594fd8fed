// The small conversions that every resource's JSON needs: what is empty in a row is null in JSON.
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string_view>

#include "api/utf8.h"
#include "domain/json/exact_json.h"
#include "domain/time.h"

namespace orchestrator::api {

namespace json = boost::json;

[[nodiscard]] inline json::value time_or_null(const std::optional<system_time>& at) {
    return at ? json::value(format_time(*at)) : json::value(nullptr);
}

[[nodiscard]] inline json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(as_utf8(text));
}

// A column that holds JSON text: as JSON, as a string when it cannot be read, null when it is empty.
[[nodiscard]] inline json::value stored_json(std::string_view text) {
    if (text.empty()) return nullptr;
    boost::system::error_code failed;
    auto value = read_json_exactly(text, failed);
    return failed ? json::value(as_utf8(text)) : value;
}

}  // namespace orchestrator::api
