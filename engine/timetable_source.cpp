#include "engine/timetable_source.h"

#include <fmt/format.h>

#include <algorithm>

namespace orchestrator {
namespace {

constexpr std::size_t most_layers = 8;

std::unexpected<error> unusable(const std::string& code, std::string_view why) {
    return fail(errc::invalid_argument, fmt::format("calendar \"{}\" {}", code, why));
}

result<calendar> read(const stored_calendar& stored) {
    boost::system::error_code failed;
    const auto source = boost::json::parse(stored.source, failed);
    if (failed) return unusable(stored.code, "as it is stored is not JSON");
    auto parsed = parse_calendar(source);
    if (!parsed)
        return unusable(stored.code, fmt::format("as it is stored is not valid: {}: {}", parsed.error().front().pointer,
                                                 parsed.error().front().message));
    return std::move(*parsed);
}

}  // namespace

task<result<std::shared_ptr<const holiday_set>>> timetable_source::holidays(std::string code) {
    if (const auto known = holidays_.find(code); known != holidays_.end()) co_return known->second;
    std::vector<calendar> layers;  // from the lowest up
    for (auto next = code; !next.empty(); next = layers.back().parent) {
        if (layers.size() == most_layers)
            co_return unusable(code, fmt::format("stands on more than {} others, or on itself", most_layers - 1));
        auto stored = co_await calendars_.find_calendar(next);
        if (!stored && stored.error().code == errc::not_found)
            co_return unusable(next, layers.empty()
                                         ? "is not known"
                                         : fmt::format("is not known, and \"{}\" stands on it", layers.back().code));
        if (!stored) co_return std::unexpected{std::move(stored.error())};
        auto layer = read(*stored);
        if (!layer) co_return std::unexpected{std::move(layer.error())};
        layers.push_back(std::move(*layer));
    }
    std::ranges::reverse(layers);
    auto made = std::make_shared<const holiday_set>(layers);
    holidays_[code] = made;
    co_return made;
}

task<result<timetable>> timetable_source::find(schedule of, schedule_place place) {
    auto zone = zones_.find(place.timezone);
    if (!zone) co_return std::unexpected{std::move(zone.error())};
    std::shared_ptr<const holiday_set> days;
    if (of.needs_calendar()) {
        if (place.calendar.empty())
            co_return fail(errc::invalid_argument,
                           fmt::format("holiday_policy {} needs a calendar, and none is known for tenants on the clock "
                                       "of {}: name one in the schedule",
                                       to_string(of.holidays), place.timezone));
        auto found = co_await holidays(place.calendar);
        if (!found) co_return std::unexpected{std::move(found.error())};
        days = std::move(*found);
    }
    co_return timetable::make(of, std::move(*zone), std::move(days));
}

std::string calendar_of(const tenant& of, const std::set<std::string>& known) {
    for (const auto& code : {tenant_calendar_code(to_string(of.id)), of.region, of.country})
        if (known.contains(code)) return code;
    return {};
}

task<result<std::set<std::string>>> known_calendars(calendar_store& calendars) {
    const auto listed = co_await calendars.list_calendars();
    if (!listed) co_return std::unexpected{listed.error()};
    std::set<std::string> codes;
    for (const auto& each : *listed) codes.insert(each.code);
    co_return codes;
}

schedule_place place_of(const schedule& of) { return place_for(of, of.timezone, of.calendar); }

schedule_place place_for(const schedule& of, std::string timezone, std::string calendar) {
    if (!of.needs_calendar()) calendar.clear();
    if (of.needs_calendar() && calendar.empty()) calendar = of.calendar;
    return {std::move(timezone), std::move(calendar)};
}

std::string group_name(const schedule& of, const schedule_place& place) {
    if (of.zone_mode == timezone_mode::workflow) return {};
    return place.calendar.empty() ? place.timezone : fmt::format("{} {}", place.timezone, place.calendar);
}

}  // namespace orchestrator
