// Which instance leads: plans and starts what is scheduled.
#include "api/json_values.h"
#include "api/resources.h"

namespace orchestrator::api {

task<answer> show_leader(const api_dependencies& api, routed_request) {
    const auto found = co_await api.leaders.find_leader(api.time.now());
    if (!found) co_return refuse(found.error());
    const auto leader = found->value_or(leader_record{});
    const bool is_led = *found && leader.left > milliseconds{0};
    const auto known = [&](system_time at) { return *found ? std::optional{at} : std::nullopt; };
    co_return json_response(200, json::object{{"is_led", is_led},
                                              {"instance_id", text_or_null(leader.instance_id)},
                                              {"instance_hostname", text_or_null(leader.hostname)},
                                              {"is_this_instance", is_led && leader.instance_id == api.instance_id},
                                              {"epoch", leader.epoch},
                                              {"became_leader_at", time_or_null(known(leader.became_leader_at))},
                                              {"last_heartbeat_at", time_or_null(known(leader.last_heartbeat_at))},
                                              {"heartbeat_interval_seconds", double(leader.heartbeat.count()) / 1'000},
                                              {"lease_left_ms", std::max<std::int64_t>(leader.left.count(), 0)}});
}

}  // namespace orchestrator::api
