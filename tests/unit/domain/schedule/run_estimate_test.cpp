// What a run is going to take, from what runs took.
#include "domain/schedule/run_estimate.h"

#include <gtest/gtest.h>

#include <vector>

namespace orchestrator {
namespace {

execution past_run(std::int64_t tenants, milliseconds took, std::int64_t retries = 0) {
    execution made;
    made.status = execution_status::completed;
    made.started_at = system_time{};
    made.completed_at = system_time{} + took;
    made.tenants = {.total = tenants, .completed = tenants};
    made.steps = {.total = tenants * 6, .completed = tenants * 6, .retries = retries};
    return made;
}

TEST(run_estimate, is_the_definition_alone_while_nothing_is_measured) {
    auto failed = past_run(10, milliseconds{50});
    failed.status = execution_status::failed;
    auto again = past_run(10, milliseconds{50});
    again.retry_of = execution_id{};
    const std::vector all{failed, again, past_run(0, milliseconds{9})};
    EXPECT_EQ(estimate_run(all, 100, 6), (run_estimate{.calls = 600, .usual = {}, .slow = {}, .samples = 0}));
}

TEST(run_estimate, grows_with_the_tenants) {
    const std::vector all{past_run(100, milliseconds{1'000}), past_run(100, milliseconds{3'000}, 60),
                          past_run(50, milliseconds{1'000}, 5)};
    const auto estimate = estimate_run(all, 200, 6);
    EXPECT_EQ(estimate.samples, 3U);
    EXPECT_EQ(estimate.calls, 1'220) << "the median has 6.1 calls for each tenant";
    EXPECT_EQ(estimate.usual, milliseconds{4'000});
    EXPECT_EQ(estimate.slow, milliseconds{6'000});
}

}  // namespace
}  // namespace orchestrator
