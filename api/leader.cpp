// Which instance leads: plans and starts what is scheduled.
#include "api/json_values.h"
#include "api/resources.h"

namespace orchestrator::api {
namespace {

// A whole number, as the specification has it, unless the interval is none.
json::value seconds_of(milliseconds interval) {
    if (interval.count() % 1'000 == 0) return interval.count() / 1'000;
    return double(interval.count()) / 1'000;
}

}  // namespace

task<answer> show_leader(const api_dependencies& api, routed_request) {
    const auto found = co_await api.leaders.find_leader(api.time.now());
    if (!found) co_return refuse(found.error());
    const auto leader = found->value_or(leader_record{});
    const bool is_led = *found && leader.left > milliseconds{0};
    const auto if_known = [&](json::value value) { return *found ? value : json::value{}; };
    co_return json_response(200,
                            json::object{{"is_led", is_led},
                                         {"instance_id", text_or_null(leader.instance_id)},
                                         {"instance_hostname", text_or_null(leader.hostname)},
                                         {"is_this_instance", is_led && leader.instance_id == api.instance_id},
                                         {"epoch", leader.epoch},
                                         {"became_leader_at", if_known(time_or_null(leader.became_leader_at))},
                                         {"last_heartbeat_at", if_known(time_or_null(leader.last_heartbeat_at))},
                                         {"heartbeat_interval_seconds", if_known(seconds_of(leader.heartbeat))},
                                         {"heartbeat_interval_ms", if_known(leader.heartbeat.count())},
                                         {"lease_left_ms", if_known(std::max<std::int64_t>(leader.left.count(), 0))}});
}

}  // namespace orchestrator::api
