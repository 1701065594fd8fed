// Small structures that are kept as text inside a row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/tenancy/tenant.h"
#include "ports/run_store.h"

namespace orchestrator::sql {

// {"tenant_ids": […], "subscription_tiers": […]}
[[nodiscard]] std::string to_json(const tenant_filter&);
[[nodiscard]] tenant_filter tenant_filter_from_json(std::string_view);

// [{"step": 0, "attempts": 1, "retry_at": ms, "started_at": ms}]; an empty list is an empty text.
[[nodiscard]] std::string to_json(const std::vector<stored_wait>&);
[[nodiscard]] std::vector<stored_wait> stored_waits_from_json(std::string_view);

// The groups of tenants that an occurrence is due for, one a line; empty: one for all.
[[nodiscard]] std::string to_lines(const std::vector<std::string>& tenant_groups);
// Has any tenant to do with both? `lines`: what to_lines gave for another occurrence.
[[nodiscard]] bool share_a_group(const std::vector<std::string>& tenant_groups, std::string_view lines);

}  // namespace orchestrator::sql
