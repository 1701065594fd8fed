// What may go wrong at the simulated platform: rules, their JSON form, and the presets of the command line.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/error.h"
#include "platform_simulator/behaviour/routes.h"

namespace orchestrator::simulator {

enum class fault_kind {
    latency,         // the answer comes later; several rules add up
    capacity,        // `parallel` calls are worked on at once, for `work_ms` each; the others wait. Adds to the latency
    error,           // one of `statuses`
    throttle,        // one of `statuses` (429, 503) with Retry-After
    rate_limit,      // the same for calls beyond `calls_per_second`
    hang,            // no answer, for up to `limit_seconds`
    reset,           // the connection ends without an answer
    slow_bytes,      // the right answer, at `bytes_per_second`
    truncated_json,  // the Content-Length of the whole answer, half of its bytes, then the connection ends
    malformed_json,  // status and length of the right answer, but the text is not JSON
    huge_body,       // the right answer with `mebibytes` of padding
    empty_object,    // {} instead of the right answer
    accepted_job,    // 202 with a Location, where the right answer is after `work_ms` (route get_job); spares what
                     // changes nothing
};

inline constexpr std::size_t fault_kind_count = 13;

[[nodiscard]] std::string_view to_string(fault_kind);

// Has the service done its work when the fault hits? Damage to an answer is always after.
enum class fault_moment { before, after };

struct constant_latency {
    double delay_ms = 0;
};
struct uniform_latency {
    double min_ms = 0, max_ms = 0;
};
struct log_normal_latency {
    double median_ms = 0, sigma = 0;
};
using latency_distribution = std::variant<constant_latency, uniform_latency, log_normal_latency>;

enum class retry_after_form { seconds, http_date, absent };
enum class location_form { absolute_path, relative_path };

struct fault_rule {
    fault_kind kind = fault_kind::error;
    std::optional<route> where;  // empty: every route
    double tenant_share = 1;     // of the tenants, always the same ones; below 1 it spares calls that name no tenant
    double rate = 1;             // probability for each call of these tenants
    int hits_per_tenant = 0;     // of each tenant, so many calls and no more; spares those that name none. 0: no end
    fault_moment when = fault_moment::before;  // error, throttle, rate_limit, hang, reset

    latency_distribution latency;                              // latency
    std::vector<int> statuses;                                 // error, throttle, rate_limit: one is drawn
    int retry_after_seconds = 1;                               // throttle, rate_limit
    retry_after_form retry_after = retry_after_form::seconds;  // throttle, rate_limit
    int calls_per_second = 50;                                 // rate_limit: within each second of the clock
    int parallel = 10;                                         // capacity
    double work_ms = 100;                                      // capacity, accepted_job
    double collapse = 0;  // capacity: the work grows by this share for each `work_ms` that a call waited
    location_form location = location_form::absolute_path;  // accepted_job
    int limit_seconds = 600;                                // hang
    int bytes_per_second = 1'000;                           // slow_bytes
    int mebibytes = 4;                                      // huge_body
};

struct fault_plan {
    std::uint64_t seed = 1;
    // The first one that hits a call decides, beside those of latency and capacity. A call that an earlier rule has hit
    // takes no place of a capacity.
    std::vector<fault_rule> rules;
};

// All that is wrong at once; each violation names its place by a JSON pointer.
[[nodiscard]] result<fault_plan> parse_fault_plan(std::string_view text);

// What parse_fault_plan reads.
[[nodiscard]] boost::json::object as_json(const fault_plan&);

enum class fault_preset { none, few, many };

[[nodiscard]] std::optional<fault_preset> parse_fault_preset(std::string_view);
[[nodiscard]] fault_plan make_fault_plan(fault_preset, std::uint64_t seed);

}  // namespace orchestrator::simulator
