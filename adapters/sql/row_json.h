// Small structures that are kept as JSON inside a row.
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

}  // namespace orchestrator::sql
