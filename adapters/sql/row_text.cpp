#include "adapters/sql/row_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <algorithm>
#include <ranges>

namespace orchestrator::sql {
namespace json = boost::json;

std::string to_json(const tenant_filter& filter) {
    json::object object;
    if (!filter.tenant_ids.empty()) {
        auto& ids = object["tenant_ids"].emplace_array();
        for (const auto& id : filter.tenant_ids) ids.emplace_back(to_string(id));
    }
    if (!filter.tiers.empty()) {
        auto& tiers = object["subscription_tiers"].emplace_array();
        for (const auto tier : filter.tiers) tiers.emplace_back(json::string_view{to_string(tier)});
    }
    return json::serialize(object);
}

tenant_filter tenant_filter_from_json(std::string_view text) {
    tenant_filter filter;
    const auto read = [&](const json::value& list, const auto& parse, auto& into) {
        const auto* array = list.if_array();
        filter.has_unknown |= !array;
        for (std::size_t i = 0; array && i < array->size(); ++i) {
            const auto* name = (*array)[i].if_string();
            const auto value = name ? parse(std::string_view{*name}) : std::nullopt;
            if (value)
                into.push_back(*value);
            else
                filter.has_unknown = true;
        }
    };
    const auto value = json::parse(text);
    const auto* object = value.if_object();
    filter.has_unknown = !object;
    if (!object) return filter;
    for (const auto& [name, list] : *object) {
        if (name == "tenant_ids")
            read(list, &tenant_id::parse, filter.tenant_ids);
        else if (name == "subscription_tiers")
            read(list, &parse_subscription_tier, filter.tiers);
        else
            filter.has_unknown = true;
    }
    return filter;
}

std::string to_json(const std::vector<stored_wait>& waits) {
    if (waits.empty()) return {};
    json::array array;
    for (const auto& wait : waits)
        array.push_back({{"step", wait.step_index},
                         {"attempts", wait.attempts},
                         {"retry_at", wait.retry_at.time_since_epoch().count()},
                         {"started_at", wait.started_at.time_since_epoch().count()}});
    return json::serialize(array);
}

std::vector<stored_wait> stored_waits_from_json(std::string_view text) {
    std::vector<stored_wait> waits;
    if (text.empty()) return waits;
    for (const auto& element : json::parse(text).as_array()) {
        const auto& wait = element.as_object();
        waits.push_back({.step_index = int(wait.at("step").as_int64()),
                         .attempts = int(wait.at("attempts").as_int64()),
                         .retry_at = system_time{milliseconds{wait.at("retry_at").as_int64()}},
                         .started_at = system_time{milliseconds{wait.at("started_at").as_int64()}}});
    }
    return waits;
}

std::string to_lines(const std::vector<std::string>& tenant_groups) {
    return fmt::format("{}", fmt::join(tenant_groups, "\n"));
}

bool share_a_group(const std::vector<std::string>& tenant_groups, std::string_view lines) {
    if (tenant_groups.empty() || lines.empty()) return true;
    return std::ranges::any_of(lines | std::views::split('\n'), [&](const auto& line) {
        return std::ranges::find(tenant_groups, std::string_view{line.begin(), line.end()}) != tenant_groups.end();
    });
}

}  // namespace orchestrator::sql
