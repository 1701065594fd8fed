// What is kept of a service's answer: JSON only, secrets masked, within a bound. A step whose effect succeeded never
// fails for what its answer looks like.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace orchestrator {

struct result_summary {
    std::optional<boost::json::value> value;  // nullopt: no body, or not JSON
    std::string text;                         // `value` as it is stored; empty when there is none
    bool shortened = false;                   // only the scalar fields at the top were kept
};

// `bound`: the most bytes of `text`. `body` may be cut off or no JSON at all. `memory`: where `value` lies.
[[nodiscard]] result_summary summarise_result(std::string_view body, std::size_t bound,
                                              boost::json::storage_ptr memory = {});

// Masks the values of fields whose names say that they are secret (password, token, secret, authorization, api_key).
void mask_secrets(boost::json::value&);

}  // namespace orchestrator
