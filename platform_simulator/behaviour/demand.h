// What the customers of a bakery buy in a day: a size of the shop, a pattern over the week and one over the year, and
// some noise. A pure function of seed, tenant, product and date.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "domain/tenancy/tenant.h"

namespace orchestrator::simulator {

using std::chrono::sys_days;

inline constexpr std::size_t ingredient_count = 8;

struct ingredient {
    std::string_view name;
    std::string_view unit;
};

struct product {
    std::string_view name;
    double daily_units;       // of a middle-sized shop on a middling day
    double weekend_factor;    // Saturday and Sunday against Tuesday
    double season_amplitude;  // 0.3: between 70 % and 130 % over the year
    int season_peak_day;      // day of the year
    int batch_size;           // units
    std::array<int, ingredient_count> grams_per_unit;
};

[[nodiscard]] std::span<const ingredient> ingredients();

// The products that a bakery makes: the first six, nine or twelve of one list, by tier.
[[nodiscard]] std::span<const product> products_of(subscription_tier);

// How large a shop is against a middle-sized one.
[[nodiscard]] double shop_size(std::uint64_t seed, const tenant_id&, subscription_tier);

struct demand_question {
    std::uint64_t seed;
    tenant_id tenant;
    subscription_tier tier;
    std::size_t product;  // an index into products_of(tier)
    sys_days day;
};

// Units sold, or that would have been sold.
[[nodiscard]] int actual_demand(const demand_question&);

// What the forecasting service expects for that day: the actual demand with an error of at most a quarter.
[[nodiscard]] int forecast_demand(const demand_question&);

}  // namespace orchestrator::simulator
