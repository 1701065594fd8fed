// A tenant as the tenant service tells of it, and which tenants an execution takes in.
#pragma once

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/identifiers.h"

namespace orchestrator {

enum class subscription_tier { starter, professional, enterprise };
enum class tenant_status { active, trial, suspended, cancelled };

[[nodiscard]] std::string_view to_string(subscription_tier);
[[nodiscard]] std::string_view to_string(tenant_status);
[[nodiscard]] std::optional<subscription_tier> parse_subscription_tier(std::string_view);
[[nodiscard]] std::optional<tenant_status> parse_tenant_status(std::string_view);

struct tenant {
    tenant_id id;
    std::string name;
    subscription_tier tier = subscription_tier::starter;
    std::string timezone = "Europe/Madrid";
    std::string country = "ES";  // ISO 3166-1
    std::string region{};        // ISO 3166-2, "ES-MD"; empty: not known
    tenant_status status = tenant_status::active;
};

// Reads one element of the tenant service's answer. Only `id` must be there; the rest has the platform's defaults
// (tier starter, zone Europe/Madrid, country ES, status from `status`, else from `is_active`). nullopt: not a tenant.
[[nodiscard]] std::optional<tenant> parse_tenant(const boost::json::value&);

// Which tenants an execution runs for. Empty lists do not restrict; suspended and cancelled tenants never run.
struct tenant_filter {
    std::vector<tenant_id> tenant_ids;  // ascending
    std::vector<subscription_tier> tiers;
    bool has_unknown = false;  // asks for something that this version does not know: it accepts nobody

    [[nodiscard]] bool accepts(const tenant&) const;
    bool operator==(const tenant_filter&) const = default;
};

}  // namespace orchestrator
