#include "platform_simulator/behaviour/demand.h"

#include <cmath>
#include <numbers>

#include "platform_simulator/behaviour/draws.h"

namespace orchestrator::simulator {
namespace {

constexpr ingredient all_ingredients[ingredient_count] = {
    {"Harina de trigo", "kg"}, {"Levadura", "kg"}, {"Sal", "kg"},   {"Mantequilla", "kg"},
    {"Azúcar", "kg"},          {"Huevo", "kg"},    {"Leche", "kg"}, {"Chocolate", "kg"},
};

// Ordered so that each tier adds finer wares to those of the tier below.
constexpr product all_products[] = {
    {"Barra de pan", 320, 1.15, 0.05, 15, 40, {180, 3, 4, 0, 0, 0, 0, 0}},
    {"Pan integral", 90, 1.10, 0.05, 15, 20, {220, 4, 5, 0, 2, 0, 0, 0}},
    {"Croissant", 140, 1.60, 0.10, 350, 24, {45, 2, 1, 25, 6, 5, 10, 0}},
    {"Magdalena", 110, 1.25, 0.10, 330, 36, {25, 0, 0, 8, 20, 18, 8, 0}},
    {"Empanada", 25, 1.80, 0.15, 200, 6, {300, 6, 6, 30, 4, 40, 20, 0}},
    {"Chapata", 120, 1.20, 0.05, 15, 30, {200, 3, 4, 0, 0, 0, 0, 0}},
    {"Napolitana de chocolate", 85, 1.50, 0.15, 345, 24, {45, 2, 1, 22, 8, 5, 10, 18}},
    {"Ensaimada", 60, 1.70, 0.20, 215, 12, {55, 3, 1, 20, 22, 15, 10, 0}},
    {"Pan de centeno", 40, 1.10, 0.10, 20, 12, {260, 4, 5, 0, 2, 0, 0, 0}},
    {"Tarta de Santiago", 9, 2.20, 0.25, 206, 3, {60, 0, 1, 60, 250, 300, 0, 0}},
    {"Roscón", 12, 2.00, 0.80, 5, 4, {380, 15, 4, 90, 120, 110, 120, 0}},
    {"Turrón de chocolate", 15, 1.40, 0.75, 357, 10, {0, 0, 0, 20, 60, 0, 20, 180}},
};

double weekday_factor(sys_days day, double weekend_factor) {
    using namespace std::chrono;
    const weekday which{day};
    if (which == Saturday || which == Sunday) return weekend_factor;
    if (which == Friday) return 1.0 + (weekend_factor - 1.0) * 0.6;
    return which == Monday ? 0.9 : 1.0;
}

double season_factor(sys_days day, const product& what) {
    using namespace std::chrono;
    const year_month_day date{day};
    const auto day_of_year = (day - sys_days{date.year() / January / 1}).count();
    const double angle = 2 * std::numbers::pi * double(day_of_year - what.season_peak_day) / 365.25;
    return 1.0 + what.season_amplitude * std::cos(angle);
}

std::uint64_t day_number(sys_days day) { return static_cast<std::uint64_t>(day.time_since_epoch().count()); }

// A draw from [-1, 1).
double deviation(const demand_question& asked, purpose use) {
    return 2 * as_unit(draw(asked.seed, use, number_of(asked.tenant), asked.product, day_number(asked.day))) - 1;
}

}  // namespace

std::span<const ingredient> ingredients() { return all_ingredients; }

std::span<const product> products_of(subscription_tier tier) {
    return std::span{all_products}.first(6 + 3 * std::size_t(tier));
}

double shop_size(std::uint64_t seed, const tenant_id& tenant, subscription_tier tier) {
    return (0.5 + as_unit(draw(seed, purpose::bakery_size, number_of(tenant)))) * (0.6 + 0.5 * double(tier));
}

int actual_demand(const demand_question& asked) {
    const auto& what = products_of(asked.tier)[asked.product];
    const double usual = what.daily_units * shop_size(asked.seed, asked.tenant, asked.tier) *
                         weekday_factor(asked.day, what.weekend_factor) * season_factor(asked.day, what);
    return static_cast<int>(std::lround(usual * (1.0 + 0.08 * deviation(asked, purpose::demand_noise))));
}

int forecast_demand(const demand_question& asked) {
    const double error = 0.25 * deviation(asked, purpose::forecast_error);
    return static_cast<int>(std::lround(actual_demand(asked) * (1.0 + error)));
}

}  // namespace orchestrator::simulator
