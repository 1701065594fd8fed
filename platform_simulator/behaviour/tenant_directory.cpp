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
    if (key != "skip" && key != "limit") return true;
    const auto count = parse_count(value);
    if (!count || (key == "limit" && (*count == 0 || *count > largest_page))) return false;
    (key == "skip" ? page.skip : page.limit) = *count;
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
    for (const auto& each : bakeries_) {
        numbers_.emplace(each.id, each.number);
        by_status_[std::size_t(each.status)].push_back(each.number);
    }
}

const bakery* tenant_directory::find(const tenant_id& id) const {
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? nullptr : &bakeries_[found->second];
}

json::object tenant_directory::page(const page_request& asked) const {
    const auto* chosen = asked.status ? &by_status_[std::size_t(*asked.status)] : nullptr;
    const std::size_t total = chosen ? chosen->size() : bakeries_.size();
    const std::size_t first = std::min(asked.skip, total), last = first + std::min(asked.limit, total - first);
    json::array tenants;
    tenants.reserve(last - first);
    for (std::size_t i = first; i < last; ++i) tenants.push_back(details(bakeries_[chosen ? (*chosen)[i] : i]));
    return {{"tenants", std::move(tenants)}, {"total", total}, {"skip", asked.skip}, {"limit", asked.limit}};
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
