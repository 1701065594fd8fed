#include "tests/simulation/world/simulated_directory.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace orchestrator::simulation {
namespace json = boost::json;
namespace {

// A list of pages of two that grows by one in every other page would have no end.
constexpr std::size_t most_newcomers = 200;

json::object shown(const tenant& each) {
    return {{"id", to_string(each.id)},
            {"name", each.name},
            {"subscription_tier", to_string(each.tier)},
            {"status", to_string(each.status)},
            {"timezone", each.timezone}};
}

json::array listed(const std::vector<tenant>& all, std::size_t skip, std::size_t limit) {
    json::array page;
    for (std::size_t i = skip; i < std::min(all.size(), skip + limit); ++i) page.push_back(shown(all[i]));
    return page;
}

}  // namespace

std::string tenants_json(const std::vector<tenant>& all, std::size_t skip, std::size_t limit, bool bare) {
    if (bare) return json::serialize(listed(all, skip, limit));
    return json::serialize(json::value{{"tenants", listed(all, skip, limit)}, {"total", all.size()}});
}

std::size_t query_number(std::string_view target, std::string_view name, std::size_t fallback) {
    const auto found = target.find(fmt::format("{}=", name));
    if (found == std::string_view::npos) return fallback;
    std::from_chars(target.data() + found + name.size() + 1, target.data() + target.size(), fallback);
    return fallback;
}

void simulated_directory::set_tenants(std::vector<tenant> all, bool bare) {
    tenants_ = std::move(all);
    newcomers_.clear();
    flaws_ = {.is_bare = bare};
}

void simulated_directory::set_flaws(list_flaws flaws, std::shared_ptr<draws> random) {
    flaws_ = flaws;
    random_ = std::move(random);
}

std::vector<tenant> simulated_directory::residents() const {
    std::vector<tenant> found;
    for (const auto& each : tenants_)
        if (!newcomers_.contains(each.id)) found.push_back(each);
    return found;
}

void simulated_directory::live_on() {
    if (happens(flaws_.leaves) && !tenants_.empty())
        tenants_.erase(tenants_.begin() + random_->between(0, int(tenants_.size()) - 1));
    if (newcomers_.size() >= most_newcomers || !happens(flaws_.comes)) return;
    tenant come{.id = random_->id<tenant_id>(*parse_time("2025-06-01T00:00:00Z")), .name = "Newcomer"};
    newcomers_.insert(come.id);
    tenants_.insert(tenants_.begin() + random_->between(0, int(tenants_.size())), std::move(come));
}

std::string simulated_directory::page(std::string_view target) {
    live_on();
    auto skip = query_number(target, "cursor", query_number(target, "skip", 0));
    const auto limit = std::min(query_number(target, "limit", 100), flaws_.most_in_a_page);
    const auto next = skip + limit;
    if (happens(flaws_.cut)) skip = tenants_.size();
    if (happens(flaws_.repeated)) skip = std::size_t(random_->between(0, int(skip)));
    auto page = listed(tenants_, skip, limit);
    if (flaws_.broken > 0)
        for (std::size_t i = std::size_t(flaws_.broken) - skip % std::size_t(flaws_.broken) - 1; i < page.size();
             i += std::size_t(flaws_.broken))
            page[i] = {{"id", "not a UUID"}};
    if (flaws_.is_bare) return json::serialize(page);
    json::object answer{{"tenants", std::move(page)}, {"total", std::int64_t(tenants_.size()) + flaws_.total_off_by}};
    if (flaws_.has_cursor)
        answer["next_cursor"] = next < tenants_.size() ? json::value(std::to_string(next)) : json::value(nullptr);
    return json::serialize(answer);
}

std::string simulated_directory::one(std::string_view id) const {
    const auto found = std::ranges::find(tenants_, id, [](const tenant& each) { return to_string(each.id); });
    return found == tenants_.end() ? std::string{} : json::serialize(shown(*found));
}

}  // namespace orchestrator::simulation
