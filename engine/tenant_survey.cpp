#include "engine/tenant_survey.h"

#include <map>

#include "engine/timetable_source.h"

namespace orchestrator {

task<result<void>> tenant_survey::take(std::int64_t epoch, steady_time deadline, std::stop_token stop) {
    const auto known = co_await known_calendars(calendars_);
    if (!known) co_return std::unexpected{known.error()};
    std::map<std::pair<std::string, std::string>, std::int64_t> counted;
    const auto count = [&](std::vector<tenant> tenants) -> task<result<void>> {
        for (const auto& each : tenants)
            if (tenant_filter{}.accepts(each)) ++counted[{each.timezone, calendar_of(each, *known)}];
        co_return result<void>{};
    };
    const auto walked = co_await directory_.for_each_page({.deadline = deadline, .stop = stop}, count);
    if (!walked) co_return walked;
    std::vector<tenant_group> groups;
    for (const auto& [place, tenants] : counted) groups.push_back({place.first, place.second, tenants});
    co_return co_await store_.replace_tenant_groups(std::move(groups), epoch);
}

}  // namespace orchestrator
