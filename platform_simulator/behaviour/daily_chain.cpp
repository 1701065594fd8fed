#include "platform_simulator/behaviour/daily_chain.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "platform_simulator/behaviour/draws.h"

namespace orchestrator::simulator {
namespace {

namespace json = boost::json;
using std::chrono::days;

// Bakers plan a little more than is expected, because an empty shelf costs more than a dry loaf.
constexpr double safety_margin = 1.03;

std::string as_date(sys_days day) {
    const std::chrono::year_month_day date{day};
    return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

// The platform's services write quantities as decimals in text.
std::string as_decimal(double quantity) { return fmt::format("{:.2f}", quantity); }

std::string product_id(const bakery& tenant, std::size_t product) {
    return to_string(drawn_uuid(draw(number_of(tenant.id), purpose::product_identity, product)));
}

std::string ingredient_id(const bakery& tenant, std::size_t which) { return product_id(tenant, 100 + which); }

std::string fresh_id(const chain_request& asked) { return to_string(drawn_uuid(asked.identity)); }

int batches_for(const product& what, int units) { return (units + what.batch_size - 1) / what.batch_size; }

// Kilograms of each ingredient for one day.
std::array<double, ingredient_count> daily_use(subscription_tier tier, const std::vector<int>& units) {
    std::array<double, ingredient_count> use{};
    const auto products = products_of(tier);
    for (std::size_t p = 0; p < units.size(); ++p)
        for (std::size_t i = 0; i < ingredient_count; ++i) use[i] += units[p] * products[p].grams_per_unit[i] / 1'000.0;
    return use;
}

}  // namespace

// How far forecasts were from what was sold.
struct daily_chain::accuracy {
    double absolute = 0, squared = 0, percentage = 0;
    int evaluated = 0;

    void add(int expected, int actual) {
        const double off = std::abs(expected - actual);
        absolute += off;
        squared += off * off;
        percentage += actual > 0 ? 100 * off / actual : 0;
        ++evaluated;
    }
};

daily_chain::daily_chain(std::uint64_t seed, std::size_t tenants) : seed_{seed}, memories_(tenants) {}

answer daily_chain::generate_forecasts(const chain_request& asked) {
    const auto products = products_of(asked.tenant.tier);
    forecast made{.from = asked.today, .first_day = {}};
    json::array summary;
    int total = 0;
    for (std::size_t p = 0; p < products.size(); ++p) {
        made.first_day.push_back(forecast_demand(question(asked, p, asked.today)));
        int units = made.first_day.back();
        for (int day = 1; day < asked.days_ahead; ++day)
            units += forecast_demand(question(asked, p, asked.today + days{day}));
        total += units;
        summary.push_back({{"inventory_product_id", product_id(asked.tenant, p)},
                           {"product_name", products[p].name},
                           {"predicted_demand", units}});
    }
    memories_[asked.tenant.number].last_forecast = std::move(made);
    return succeed({{"tenant_id", to_string(asked.tenant.id)},
                    {"forecast_run_id", fresh_id(asked)},
                    {"count", products.size() * static_cast<std::size_t>(asked.days_ahead)},
                    {"days_ahead", asked.days_ahead},
                    {"start_date", as_date(asked.today)},
                    {"end_date", as_date(asked.today + days{asked.days_ahead - 1})},
                    {"total_predicted_demand", total},
                    {"forecasts", std::move(summary)}});
}

answer daily_chain::calculate_production(const chain_request& asked) {
    auto& memory = memories_[asked.tenant.number];
    if (!memory.last_forecast) return refuse(409, "no forecast for this tenant: generate forecasts first");
    const auto products = products_of(asked.tenant.tier);
    production_plan plan{.day = memory.last_forecast->from, .units = {}};
    json::array items;
    int batches = 0;
    for (std::size_t p = 0; p < products.size(); ++p) {
        const int units = static_cast<int>(std::ceil(memory.last_forecast->first_day[p] * safety_margin));
        const int own_batches = batches_for(products[p], units);
        plan.units.push_back(units);
        batches += own_batches;
        items.push_back({{"product_id", product_id(asked.tenant, p)},
                         {"product_name", products[p].name},
                         {"planned_quantity", units},
                         {"batches", own_batches}});
    }
    const int total = std::accumulate(plan.units.begin(), plan.units.end(), 0);
    memory.last_plan = std::move(plan);
    return succeed({{"tenant_id", to_string(asked.tenant.id)},
                    {"schedule_id", fresh_id(asked)},
                    {"schedule_date", as_date(memory.last_plan->day)},
                    {"batches", batches},
                    {"total_planned_quantity", total},
                    {"items", std::move(items)}});
}

answer daily_chain::calculate_procurement(const chain_request& asked) const {
    const auto& plan = memories_[asked.tenant.number].last_plan;
    if (!plan) return refuse(409, "no production plan for this tenant: generate a production schedule first");
    const auto use = daily_use(asked.tenant.tier, plan->units);
    json::array needs;
    for (std::size_t i = 0; i < ingredient_count; ++i) {
        const double required = use[i] * asked.days_ahead, stock = stock_of(asked, i, use[i]);
        if (required <= stock) continue;
        needs.push_back({{"ingredient_id", ingredient_id(asked.tenant, i)},
                         {"name", ingredients()[i].name},
                         {"required_quantity", as_decimal(required)},
                         {"current_stock", as_decimal(stock)},
                         {"quantity_to_order", as_decimal(required - stock)},
                         {"unit", ingredients()[i].unit}});
    }
    return succeed({{"tenant_id", to_string(asked.tenant.id)},
                    {"calculation_id", fresh_id(asked)},
                    {"production_date", as_date(plan->day)},
                    {"days_ahead", asked.days_ahead},
                    {"needs_count", needs.size()},
                    {"needs", std::move(needs)}});
}

answer daily_chain::project_inventory(const chain_request& asked) const {
    const auto& plan = memories_[asked.tenant.number].last_plan;
    const auto use = daily_use(asked.tenant.tier, plan ? plan->units : daily_units(asked));
    json::array items;
    for (std::size_t i = 0; i < ingredient_count; ++i) {
        const double stock = stock_of(asked, i, use[i]), left = stock - use[i] * asked.days_ahead;
        json::value stockout = nullptr;
        if (left < 0) stockout = as_date(asked.today + days{static_cast<int>(stock / use[i])});
        items.push_back({{"ingredient_id", ingredient_id(asked.tenant, i)},
                         {"name", ingredients()[i].name},
                         {"current_stock", as_decimal(stock)},
                         {"projected_stock", as_decimal(std::max(left, 0.0))},
                         {"stockout_date", std::move(stockout)},
                         {"unit", ingredients()[i].unit}});
    }
    return succeed({{"tenant_id", to_string(asked.tenant.id)},
                    {"projections_count", items.size()},
                    {"days_ahead", asked.days_ahead},
                    {"items", std::move(items)}});
}

daily_chain::accuracy daily_chain::accuracy_on(const chain_request& asked, sys_days day) const {
    accuracy found;
    for (std::size_t p = 0; p < products_of(asked.tenant.tier).size(); ++p)
        found.add(forecast_demand(question(asked, p, day)), actual_demand(question(asked, p, day)));
    return found;
}

answer daily_chain::validate_yesterday(const chain_request& asked) const {
    const sys_days yesterday = asked.today - days{1};
    const auto tenant_number = number_of(asked.tenant.id);
    const auto found = accuracy_on(asked, yesterday);
    const bool as_text = as_index(draw(seed_, purpose::decimal_as_text, tenant_number), 10) == 0;
    const auto metric = [&](double value) -> json::value {
        if (as_text) return json::value(as_decimal(value));
        return json::value(std::round(value * 100) / 100);
    };
    json::object body{{"validation_run_id", fresh_id(asked)},
                      {"status", "completed"},
                      {"start_date", as_date(yesterday)},
                      {"end_date", as_date(yesterday)},
                      {"overall_mae", metric(found.absolute / found.evaluated)},
                      {"overall_rmse", metric(std::sqrt(found.squared / found.evaluated))},
                      {"overall_accuracy_percentage", metric(100 - found.percentage / found.evaluated)},
                      {"total_forecasts_evaluated", found.evaluated},
                      {"forecasts_with_actuals", found.evaluated},
                      {"coverage_percentage", metric(100)},
                      {"poor_performers", json::array{}}};
    const auto luck = draw(seed_, purpose::missing_metric, tenant_number, yesterday.time_since_epoch().count());
    if (as_index(luck, 16) != 0) body["overall_mape"] = metric(found.percentage / found.evaluated);
    return succeed(body);
}

answer daily_chain::send_notification(const chain_request& asked) const {
    return succeed({{"notification_id", fresh_id(asked)}, {"status", "queued"}});
}

answer daily_chain::archive_alerts(const chain_request& asked) const {
    const auto day = asked.today.time_since_epoch().count();
    const auto resolved = as_index(draw(seed_, purpose::resolved_alerts, number_of(asked.tenant.id), day), 40);
    return succeed({{"archived_count", resolved}});
}

void daily_chain::forget() { std::ranges::fill(memories_, memory{}); }

demand_question daily_chain::question(const chain_request& asked, std::size_t product, sys_days day) const {
    return {.seed = seed_, .tenant = asked.tenant.id, .tier = asked.tenant.tier, .product = product, .day = day};
}

std::vector<int> daily_chain::daily_units(const chain_request& asked) const {
    std::vector<int> units(products_of(asked.tenant.tier).size());
    for (std::size_t p = 0; p < units.size(); ++p) units[p] = actual_demand(question(asked, p, asked.today));
    return units;
}

// Enough for up to three weeks of the use of that day.
double daily_chain::stock_of(const chain_request& asked, std::size_t ingredient, double daily_use) const {
    const auto day = asked.today.time_since_epoch().count();
    return daily_use * 21 * as_unit(draw(seed_, purpose::stock, number_of(asked.tenant.id), ingredient, day));
}

}  // namespace orchestrator::simulator
