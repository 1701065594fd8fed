// Tests of the set of steps in one machine word, against std::set.
#include "domain/workflow/step_set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace orchestrator {
namespace {

using model = std::set<std::size_t>;

model random_model() {
    const auto listed = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, max_steps));
    return {listed.begin(), listed.end()};
}

step_set set_of(const model& steps) {
    step_set set;
    for (const auto step : steps) set.insert(step);
    return set;
}

model members(step_set set) {
    model steps;
    for (const auto step : set) steps.insert(step);
    return steps;
}

TEST(step_set, is_empty_at_first) {
    EXPECT_TRUE(step_set{}.empty());
    EXPECT_EQ(step_set{}.size(), 0);
    EXPECT_EQ(step_set{}.begin(), step_set{}.end());
}

TEST(step_set, first_takes_any_count_up_to_the_most) {
    EXPECT_EQ(step_set::first(0), step_set{});
    EXPECT_EQ(members(step_set::first(3)), (model{0, 1, 2}));
    EXPECT_EQ(step_set::first(max_steps - 1).size(), 63);
    EXPECT_FALSE(step_set::first(max_steps - 1).contains(max_steps - 1));
    EXPECT_EQ(step_set::first(max_steps).size(), 64);
    EXPECT_TRUE(step_set::first(max_steps).contains(max_steps - 1));
}

TEST(step_set, holds_the_highest_step) {
    auto set = step_set::of(max_steps - 1);
    EXPECT_EQ(set.front(), max_steps - 1);
    set.erase(max_steps - 1);
    EXPECT_TRUE(set.empty());
}

TEST(step_set, contains_the_empty_set_but_does_not_intersect_it) {
    EXPECT_TRUE(step_set{}.contains(step_set{}));
    EXPECT_TRUE(step_set::of(1).contains(step_set{}));
    EXPECT_FALSE(step_set::of(1).intersects(step_set{}));
}

RC_GTEST_PROP(step_set, gives_its_members_in_ascending_order, ()) {
    const auto steps = random_model();
    const auto set = set_of(steps);
    std::vector<std::size_t> listed;
    for (const auto step : set) listed.push_back(step);
    RC_ASSERT(listed == std::vector<std::size_t>(steps.begin(), steps.end()));
    RC_ASSERT(set.size() == int(steps.size()));
    RC_ASSERT(set.empty() == steps.empty());
    if (!steps.empty()) RC_ASSERT(set.front() == *steps.begin());
}

RC_GTEST_PROP(step_set, combines_as_sets_do, ()) {
    const auto a = random_model(), b = random_model();
    model both, either, only_a;
    std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
    std::ranges::set_union(a, b, std::inserter(either, either.end()));
    std::ranges::set_difference(a, b, std::inserter(only_a, only_a.end()));
    RC_ASSERT(members(set_of(a) & set_of(b)) == both);
    RC_ASSERT(members(set_of(a) | set_of(b)) == either);
    RC_ASSERT(members(set_of(a) - set_of(b)) == only_a);
    RC_ASSERT(set_of(a).intersects(set_of(b)) == !both.empty());
    RC_ASSERT(set_of(a).contains(set_of(b)) == std::ranges::includes(a, b));
}

RC_GTEST_PROP(step_set, inserts_and_erases_one_step_and_no_other, ()) {
    auto steps = random_model();
    auto set = set_of(steps);
    const auto step = *rc::gen::inRange<std::size_t>(0, max_steps);
    set.insert(step);
    steps.insert(step);
    RC_ASSERT(members(set) == steps);
    set.erase(step);
    steps.erase(step);
    RC_ASSERT(members(set) == steps);
    RC_ASSERT(!set.contains(step));
}

}  // namespace
}  // namespace orchestrator
