// The tenants of the simulated platform: Spanish bakeries, the same for the same seed.
//
// 60 % starter, 30 % professional, 10 % enterprise. Enterprise tenants come as chains of one parent and two to six
// children. Exactly as many as asked for are active; trial, suspended and cancelled ones come on top.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/tenancy/tenant.h"

namespace orchestrator::simulator {

enum class tenant_type { standalone, parent, child };

[[nodiscard]] std::string_view to_string(tenant_type);

struct bakery {
    std::size_t number = 0;  // its place in the list, from 0
    tenant_id id;
    std::string name;
    std::string subdomain;  // unique
    std::string city;
    std::string region;  // ISO 3166-2
    std::string timezone;
    subscription_tier tier = subscription_tier::starter;
    tenant_status status = tenant_status::active;
    tenant_type type = tenant_type::standalone;
    std::optional<std::size_t> parent;  // the number of its parent; set for a child only
    system_time created_at;
    system_time updated_at;

    bool operator==(const bakery&) const = default;
};

struct bakery_settings {
    std::size_t active = 300;
    std::uint64_t seed = 42;
};

// In the order of creation, parents before their children.
[[nodiscard]] std::vector<bakery> make_bakeries(bakery_settings);

// How many tenants that are not active come on top of `active` ones: about 5 %.
[[nodiscard]] std::size_t inactive_beside(std::size_t active);

}  // namespace orchestrator::simulator
