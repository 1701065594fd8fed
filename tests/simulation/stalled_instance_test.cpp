// Two instances on one store, one of which freezes for longer than its lease and then goes on as if nothing had been.
#include <gtest/gtest.h>

#include "tests/simulation/world/random_world.h"

namespace orchestrator::simulation {
namespace {

using std::chrono::seconds;

class stalled_instance : public testing::TestWithParam<std::uint64_t> {
  protected:
    stalled_instance() {
        at_.services().set_tenants(random_tenants(draws_, 20, false));
        at_.services().script_steps(
            [](const http_request&, int) { return answered(200, R"({"count":1})", seconds{3}); });
    }

    draws draws_{GetParam()};
    world at_{{.seed = GetParam(), .calls = {.adaptive = false}}};  // all calls start at once
};

TEST_P(stalled_instance, writes_nothing_under_the_claims_that_it_lost) {
    const auto first = at_.start_instance();
    const auto id = at_.open(daily_operations());
    at_.run_for(seconds{1});
    ASSERT_EQ(at_.at(first).health().active_runs, 20);
    at_.stall(first);
    at_.start_instance();
    at_.run_for(seconds{36});  // its lease is over, and its runs are the other's
    ASSERT_GT(at_.books().claim_order().size(), 20U);
    at_.resume(first);
    ASSERT_TRUE(at_.run_to_end({id}, seconds{600})) << at_.report();
    at_.check_books(id);
    EXPECT_EQ(at_.find(id).status, execution_status::completed);
    EXPECT_GE(at_.books().refused_entries(), 20U);
    EXPECT_EQ(at_.at(first).health().active_runs, 0);
    EXPECT_TRUE(at_.books().problems().empty()) << at_.report();
}

TEST_P(stalled_instance, loses_nothing_when_it_was_shorter_than_its_lease) {
    const auto first = at_.start_instance();
    const auto id = at_.open(daily_operations());
    at_.run_for(seconds{1});
    at_.stall(first);
    at_.start_instance();
    at_.run_for(seconds{20});
    at_.resume(first);
    ASSERT_TRUE(at_.run_to_end({id}, seconds{600})) << at_.report();
    at_.check_books(id);
    EXPECT_EQ(at_.books().refused_entries(), 0U);
    EXPECT_EQ(at_.books().claim_order().size(), 20U);
    EXPECT_TRUE(at_.books().problems().empty()) << at_.report();
}

TEST_P(stalled_instance, claims_nothing_before_it_has_a_lease_again) {
    const auto first = at_.start_instance();
    at_.run_for(seconds{1});
    at_.stall(first);
    at_.start_instance();
    at_.run_for(seconds{60});
    at_.resume(first);
    const auto id = at_.open(daily_operations());
    at_.run_for(seconds{2});
    at_.crash(first, false);  // whatever it has claimed since must come back by itself
    ASSERT_TRUE(at_.run_to_end({id}, seconds{600})) << at_.report();
    EXPECT_TRUE(at_.books().problems().empty()) << at_.report();
}

INSTANTIATE_TEST_SUITE_P(seeds, stalled_instance, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace orchestrator::simulation
