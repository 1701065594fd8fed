#include "domain/execution/end_summary.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace orchestrator {
namespace {

TEST(end_summary, stands_for_itself) {
    execution ended;
    ended.workflow_name = "daily_operations";
    ended.status = execution_status::partial;
    ended.created_at = system_time{std::chrono::seconds{1'762'400'000}};
    ended.started_at = ended.created_at + std::chrono::seconds{1};
    ended.completed_at = ended.created_at + std::chrono::seconds{3};
    ended.tenants = {.total = 3, .completed = 2, .partial = 1};
    ended.steps = {.total = 6, .completed = 5, .failed = 1, .retries = 2};
    step_summary step;
    step.step_name = "generate_forecasts";
    step.counts = {.total = 3, .completed = 2, .failed = 1};
    const auto read = boost::json::parse(summarise_end(ended, {step}));
    EXPECT_EQ(read, boost::json::parse(R"({"execution_id":"00000000-0000-0000-0000-000000000000",
        "workflow_name":"daily_operations","status":"partial","completed_at":"2025-11-06T03:33:23.000Z",
        "duration_ms":2000,"tenants":{"total":3,"completed":2,"partial":1,"failed":0,"cancelled":0},
        "steps":{"total":6,"completed":5,"failed":1,"skipped":0,"retries":2},
        "by_step":{"generate_forecasts":{"total":3,"completed":2,"failed":1,"skipped":0,"retries":0}}})"))
        << read;
}

TEST(end_summary, of_what_never_began_and_has_no_steps) {
    execution ended;
    ended.status = execution_status::failed;
    ended.completed_at = ended.created_at + milliseconds{5};
    const auto read = boost::json::parse(summarise_end(ended, {}));
    EXPECT_EQ(read.at("duration_ms").as_int64(), 5);
    EXPECT_TRUE(read.at("by_step").as_object().empty());
}

}  // namespace
}  // namespace orchestrator
