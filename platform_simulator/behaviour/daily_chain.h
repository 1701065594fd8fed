// The services that a bakery's day goes through: forecasting, production, procurement, inventory, validation,
// notification and alerts. Each answer is derived from the one before it: production plans the last forecast,
// procurement buys for the last plan. What they remember lives as long as the simulator.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "platform_simulator/behaviour/answer.h"
#include "platform_simulator/behaviour/bakeries.h"
#include "platform_simulator/behaviour/demand.h"

namespace orchestrator::simulator {

struct chain_request {
    const bakery& tenant;
    sys_days today;
    int days_ahead;
    std::uint64_t identity;  // what the ids in the answer are drawn from; the same for a repeated call
};

class daily_chain {
  public:
    daily_chain(std::uint64_t seed, std::size_t tenants);

    answer generate_forecasts(const chain_request&);
    // 409 unless the tenant has a forecast.
    answer calculate_production(const chain_request&);
    // 409 unless the tenant has a production plan.
    [[nodiscard]] answer calculate_procurement(const chain_request&) const;
    // Without a plan it projects from the demand of today.
    [[nodiscard]] answer project_inventory(const chain_request&) const;
    // Compares yesterday's forecast with what was sold. `overall_mape` is missing for some tenants on some days, and
    // the metrics of one tenant in ten are decimals written as text.
    [[nodiscard]] answer validate_yesterday(const chain_request&) const;
    [[nodiscard]] answer send_notification(const chain_request&) const;
    [[nodiscard]] answer archive_alerts(const chain_request&) const;

    void forget();

  private:
    struct forecast {
        sys_days from;
        std::vector<int> first_day;  // units of each product
    };
    struct production_plan {
        sys_days day;
        std::vector<int> units;
    };
    struct memory {
        std::optional<forecast> last_forecast;
        std::optional<production_plan> last_plan;
    };
    struct accuracy;

    [[nodiscard]] accuracy accuracy_on(const chain_request&, sys_days) const;
    [[nodiscard]] demand_question question(const chain_request&, std::size_t product, sys_days) const;
    [[nodiscard]] std::vector<int> daily_units(const chain_request&) const;
    [[nodiscard]] double stock_of(const chain_request&, std::size_t ingredient, double daily_use) const;

    std::uint64_t seed_;
    std::vector<memory> memories_;  // by the number of the bakery
};

}  // namespace orchestrator::simulator
