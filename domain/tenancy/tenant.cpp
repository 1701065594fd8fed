#include "domain/tenancy/tenant.h"

#include <boost/json.hpp>

#include <algorithm>

namespace orchestrator {
namespace json = boost::json;
namespace {

std::optional<std::string_view> text_field(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_string()) return std::nullopt;
    return std::string_view{value->get_string()};
}

}  // namespace

std::string_view to_string(subscription_tier tier) {
    switch (tier) {
        case subscription_tier::starter:
            return "starter";
        case subscription_tier::professional:
            return "professional";
        case subscription_tier::enterprise:
            return "enterprise";
    }
    return "starter";
}

std::string_view to_string(tenant_status status) {
    switch (status) {
        case tenant_status::active:
            return "active";
        case tenant_status::trial:
            return "trial";
        case tenant_status::suspended:
            return "suspended";
        case tenant_status::cancelled:
            return "cancelled";
    }
    return "cancelled";
}

std::optional<subscription_tier> parse_subscription_tier(std::string_view text) {
    for (const auto tier : {subscription_tier::starter, subscription_tier::professional, subscription_tier::enterprise})
        if (text == to_string(tier)) return tier;
    return std::nullopt;
}

std::optional<tenant_status> parse_tenant_status(std::string_view text) {
    for (const auto status :
         {tenant_status::active, tenant_status::trial, tenant_status::suspended, tenant_status::cancelled})
        if (text == to_string(status)) return status;
    return std::nullopt;
}

std::optional<tenant> parse_tenant(const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::nullopt;
    const auto id = tenant_id::parse(text_field(*object, "id").value_or(""));
    if (!id) return std::nullopt;

    tenant read{.id = *id, .name = std::string{text_field(*object, "name").value_or("")}};
    if (const auto tier = text_field(*object, "subscription_tier"))
        read.tier = parse_subscription_tier(*tier).value_or(subscription_tier::starter);
    if (const auto zone = text_field(*object, "timezone"); zone && !zone->empty()) read.timezone = *zone;
    if (const auto country = text_field(*object, "country"); country && !country->empty()) read.country = *country;
    read.region = text_field(*object, "region").value_or("");
    if (const auto status = text_field(*object, "status")) {
        // A status that we do not know is not one that we may run for.
        read.status = parse_tenant_status(*status).value_or(tenant_status::suspended);
    } else if (const auto* active = object->if_contains("is_active"); active && active->is_bool()) {
        read.status = active->get_bool() ? tenant_status::active : tenant_status::suspended;
    }
    return read;
}

bool tenant_filter::accepts(const tenant& candidate) const {
    if (has_unknown) return false;
    if (candidate.status == tenant_status::suspended || candidate.status == tenant_status::cancelled) return false;
    if (!tenant_ids.empty() && !std::ranges::binary_search(tenant_ids, candidate.id)) return false;
    return tiers.empty() || std::ranges::find(tiers, candidate.tier) != tiers.end();
}

}  // namespace orchestrator
