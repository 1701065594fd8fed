#include "domain/schedule/lead.h"

#include <gtest/gtest.h>

#include <vector>

namespace orchestrator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using basis = lead_estimate::basis;

std::vector<milliseconds> durations(std::initializer_list<int> in_seconds) {
    std::vector<milliseconds> made;
    for (const int each : in_seconds) made.emplace_back(each * 1'000);
    return made;
}

TEST(lead, is_the_upper_bound_until_enough_was_measured) {
    EXPECT_EQ(estimate_lead({}, {.most = seconds{3'600}}),
              (lead_estimate{.lead = seconds{3'600}, .samples = 0, .quantile = {}, .from = basis::too_few}));
    EXPECT_EQ(estimate_lead(durations({10, 10}), {}).from, basis::too_few);
}

TEST(lead, is_a_high_quantile_and_a_margin_in_whole_minutes) {
    const auto made = estimate_lead(durations({600, 640, 620}), {});
    EXPECT_EQ(made.quantile, seconds{640});
    EXPECT_EQ(made.lead, minutes{14});  // 800 s
    EXPECT_EQ(made.from, basis::measured);
    EXPECT_EQ(made.samples, 3U);
}

TEST(lead, one_slow_run_of_many_does_not_count) {
    std::vector<milliseconds> many(29, seconds{600});
    many.push_back(seconds{3'000});
    EXPECT_EQ(estimate_lead(many, {}).quantile, seconds{600});
}

TEST(lead, stays_within_its_bounds_and_says_so) {
    EXPECT_EQ(estimate_lead(durations({1, 1, 1}), {}).lead, minutes{5});
    EXPECT_EQ(estimate_lead(durations({1, 1, 1}), {}).from, basis::least);
    EXPECT_EQ(estimate_lead(durations({3'500, 3'500, 3'500}), {}).lead, minutes{60});
    EXPECT_EQ(estimate_lead(durations({3'500, 3'500, 3'500}), {}).from, basis::most);
    EXPECT_EQ(estimate_lead(durations({1, 1, 1}), {.most = seconds{60}}).lead, minutes{1});
}

}  // namespace
}  // namespace orchestrator
