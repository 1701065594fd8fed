#include "platform_simulator/behaviour/tenant_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "platform_simulator/behaviour/query.h"

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;

std::optional<std::size_t> parse_count(std::string_view text) {
    std::size_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// False when the value is not one that the parameter takes. Parameters that we do not know are passed over.
bool read_parameter(page_request& page, std::string_view key, std::string_view value) {
    if (key == "status") return (page.status = parse_tenant_status(value)).has_value();
    if (key != "skip" && key != "limit" && key != "cursor") return true;
    const auto count = parse_count(value);
    if (!count || (key == "limit" && (*count == 0 || *count > largest_page))) return false;
    (key == "limit" ? page.limit : page.skip) = *count;
    return true;
}

}  // namespace

std::expected<page_request, std::string> parse_page_request(std::string_view query) {
    const auto parameters = read_query(query);
    if (!parameters) return std::unexpected{std::string{"the query is not percent-encoded"}};
    page_request page;
    for (const auto& [key, value] : *parameters)
        if (!read_parameter(page, key, value))
            return std::unexpected{fmt::format("{} \"{}\" is not valid", key, value)};
    return page;
}

tenant_directory::tenant_directory(bakery_settings settings) : bakeries_{make_bakeries(settings)} {
    numbers_.reserve(bakeries_.size());
    for (const auto& each : bakeries_) numbers_.emplace(each.id, each.number);
    sort_by_status();
}

void tenant_directory::sort_by_status() {
    for (auto& numbers : by_status_) numbers.clear();
    for (const auto& each : bakeries_) by_status_[std::size_t(each.status)].push_back(each.number);
}

bool tenant_directory::set_status(const tenant_id& id, tenant_status status) {
    const auto found = numbers_.find(id);
    if (found == numbers_.end()) return false;
    bakeries_[found->second].status = status;
    sort_by_status();
    return true;
}

const bakery* tenant_directory::find(const tenant_id& id) const {
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? nullptr : &bakeries_[found->second];
}

std::optional<json::object> tenant_directory::page(const page_request& asked) const {
    const auto* chosen = asked.status ? &by_status_[std::size_t(*asked.status)] : nullptr;
    const std::size_t all = flaws_.is_empty ? 0 : chosen ? chosen->size() : bakeries_.size();
    if (flaws_.refused_from > 0 && asked.skip >= flaws_.refused_from) return std::nullopt;
    // A list whose first tenants have left begins behind them.
    const std::size_t gone = asked.skip > 0 ? std::min(flaws_.leaving, all) : 0;
    const std::size_t end = flaws_.ends_at > 0 ? std::min(all, gone + flaws_.ends_at) : all;
    const std::size_t most = flaws_.most_in_a_page > 0 ? std::min(asked.limit, flaws_.most_in_a_page) : asked.limit;
    const std::size_t first = std::min(gone + asked.skip, end), last = first + std::min(most, end - first);
    json::array tenants;
    tenants.reserve(last - first);
    for (std::size_t i = first; i < last; ++i) {
        const bool is_broken = flaws_.broken_every > 0 && i % flaws_.broken_every == flaws_.broken_every - 1;
        tenants.push_back(is_broken ? json::object{{"id", "not a UUID"}}
                                    : details(bakeries_[chosen ? (*chosen)[i] : i]));
    }
    json::object answer{{"tenants", std::move(tenants)},
                        {"total", std::int64_t(all - gone) + flaws_.total_off_by},
                        {"skip", asked.skip},
                        {"limit", asked.limit}};
    if (flaws_.has_cursor)
        answer["next_cursor"] = last < end ? json::value(std::to_string(last)) : json::value(nullptr);
    return answer;
}

json::object tenant_directory::details(const bakery& one) const {
    const std::string id = to_string(one.id);
    json::value parent = nullptr;
    std::string path = id;
    if (one.parent) {
        const std::string parent_id = to_string(bakeries_[*one.parent].id);
        parent = parent_id;
        path = parent_id + '.' + id;
    }
    const bool usable = one.status == tenant_status::active || one.status == tenant_status::trial;
    return {{"id", id},
            {"name", one.name},
            {"subdomain", one.subdomain},
            {"email", "pedidos@" + one.subdomain + ".example"},
            {"city", one.city},
            {"region", one.region},
            {"country", "ES"},
            {"timezone", one.timezone},
            {"subscription_tier", to_string(one.tier)},
            {"status", to_string(one.status)},
            {"is_active", usable},
            {"tenant_type", to_string(one.type)},
            {"parent_tenant_id", std::move(parent)},
            {"hierarchy_path", path},
            {"created_at", format_time(one.created_at)},
            {"updated_at", format_time(one.updated_at)}};
}

json::array tenant_directory::children(const bakery& parent) const {
    json::array found;
    // The children of a chain stand right behind their parent.
    for (std::size_t i = parent.number + 1; i < bakeries_.size() && bakeries_[i].parent == parent.number; ++i)
        found.push_back(details(bakeries_[i]));
    return found;
}

json::object tenant_directory::subscription(const bakery& one) const {
    return {{"tier", to_string(one.tier)}, {"status", to_string(one.status)}};
}

}  // namespace orchestrator::simulator
