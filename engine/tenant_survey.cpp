#include "engine/tenant_survey.h"

#include <map>

#include "engine/timetable_source.h"

namespace orchestrator {
namespace {

constexpr milliseconds oldest_snapshot{60'000};
constexpr std::size_t counted_at_once = 1'000;

}  // namespace

task<result<void>> tenant_survey::take(std::int64_t epoch, steady_time deadline, std::stop_token stop) {
    const auto known = co_await known_calendars(calendars_);
    if (!known) co_return std::unexpected{known.error()};
    std::map<std::pair<std::string, std::string>, std::int64_t> counted;
    const auto count = [&](std::vector<tenant> tenants) -> task<result<void>> {
        for (const auto& each : tenants) ++counted[{each.timezone, calendar_of(each, *known)}];
        co_return result<void>{};
    };
    const auto read = co_await tenants_.read({.not_before = time_.steady_now() - oldest_snapshot,
                                              .deadline = deadline,
                                              .stop = std::move(stop),
                                              .at_once = counted_at_once},
                                             count);
    if (!read) co_return std::unexpected{read.error()};
    if (!read->problem.empty()) co_return fail(errc::service_failed, read->problem);
    std::vector<tenant_group> groups;
    for (const auto& [place, tenants] : counted) groups.push_back({place.first, place.second, tenants});
    co_return co_await store_.replace_tenant_groups(std::move(groups), epoch);
}

}  // namespace orchestrator
