// Tests of the demand patterns.
#include "platform_simulator/behaviour/demand.h"

#include <gtest/gtest.h>

#include "platform_simulator/behaviour/bakeries.h"

namespace orchestrator::simulator {
namespace {

using namespace std::chrono;

constexpr std::size_t croissant = 2, roscon = 10;
constexpr sys_days new_year = sys_days{2025y / January / 1};

demand_question question(std::size_t product, sys_days day, std::uint64_t seed = 1) {
    static const auto id = make_bakeries({.active = 1}).front().id;
    return {.seed = seed, .tenant = id, .tier = subscription_tier::enterprise, .product = product, .day = day};
}

double mean_on(std::size_t product, weekday which) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < 364; ++i) {
        if (weekday{new_year + days{i}} != which) continue;
        sum += actual_demand(question(product, new_year + days{i}));
        ++count;
    }
    return sum / count;
}

double mean_of_month(std::size_t product, year_month_day first) {
    double sum = 0;
    for (int i = 0; i < 28; ++i) sum += actual_demand(question(product, sys_days{first} + days{i}));
    return sum / 28;
}

TEST(demand, depends_on_seed_tenant_product_and_day_only) {
    EXPECT_EQ(actual_demand(question(croissant, new_year)), actual_demand(question(croissant, new_year)));
    EXPECT_NE(actual_demand(question(croissant, new_year)), actual_demand(question(croissant, new_year, 2)));
}

TEST(demand, rises_at_the_weekend_and_sinks_on_monday) {
    const double tuesday = mean_on(croissant, Tuesday);
    EXPECT_NEAR(mean_on(croissant, Saturday) / tuesday, 1.6, 0.05);
    EXPECT_NEAR(mean_on(croissant, Friday) / tuesday, 1.36, 0.05);
    EXPECT_NEAR(mean_on(croissant, Monday) / tuesday, 0.9, 0.05);
}

TEST(demand, follows_the_season) {
    EXPECT_GT(mean_of_month(roscon, 2025y / January / 1), 4 * mean_of_month(roscon, 2025y / July / 1));
}

TEST(demand, forecasts_are_near_and_rarely_exact) {
    int exact = 0;
    for (int i = 0; i < 100; ++i) {
        const auto asked = question(croissant, new_year + days{i});
        EXPECT_NEAR(forecast_demand(asked), actual_demand(asked), 0.25 * actual_demand(asked) + 1);
        exact += forecast_demand(asked) == actual_demand(asked);
    }
    EXPECT_LT(exact, 20);
}

TEST(demand, better_tiers_make_more_products) {
    EXPECT_EQ(products_of(subscription_tier::starter).size(), 6U);
    EXPECT_EQ(products_of(subscription_tier::professional).size(), 9U);
    EXPECT_EQ(products_of(subscription_tier::enterprise).size(), 12U);
}

}  // namespace
}  // namespace orchestrator::simulator
