// Tests of the sums that a batch of outcomes adds to the counters.
#include "domain/execution/journal_delta.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

execution_id execution_no(std::uint8_t number) {
    execution_id id;
    id.value.bytes[15] = number;
    return id;
}

step_record record(int step, step_status status, int attempts, milliseconds duration = milliseconds{7}) {
    step_record made;
    made.step_index = step;
    made.status = status;
    made.attempts = attempts;
    made.duration = duration;
    return made;
}

TEST(journal_delta, is_empty_at_first) { EXPECT_TRUE(journal_delta{}.executions().empty()); }

TEST(journal_delta, counts_steps_in_all_and_by_step) {
    journal_delta delta;
    delta.add_step(execution_no(1), record(0, step_status::completed, 1));
    delta.add_step(execution_no(1), record(0, step_status::failed, 4));
    delta.add_step(execution_no(1), record(2, step_status::skipped, 0));
    ASSERT_EQ(delta.executions().size(), 1U);
    const auto& added = delta.executions().at(execution_no(1));
    EXPECT_EQ(added.steps, (step_counts{.total = 0, .completed = 1, .failed = 1, .skipped = 1, .retries = 3}));
    EXPECT_EQ(added.by_step.at(0), (step_counts{.total = 0, .completed = 1, .failed = 1, .skipped = 0, .retries = 3}));
    EXPECT_EQ(added.by_step.at(2), (step_counts{.total = 0, .completed = 0, .failed = 0, .skipped = 1, .retries = 0}));
    EXPECT_EQ(added.tenants, tenant_counts{});
}

TEST(journal_delta, measures_what_was_called_and_not_what_was_skipped) {
    journal_delta delta;
    delta.add_step(execution_no(1), record(0, step_status::completed, 1, milliseconds{250}));
    delta.add_step(execution_no(1), record(0, step_status::failed, 1, milliseconds{250}));
    delta.add_step(execution_no(1), record(1, step_status::skipped, 0, milliseconds{0}));
    const auto& latency = delta.executions().at(execution_no(1)).latency;
    ASSERT_EQ(latency.size(), 1U);
    EXPECT_EQ(latency.at(0), (std::map<int, std::int64_t>{{latency_bucket(milliseconds{250}), 2}}));
}

TEST(journal_delta, counts_every_end_of_a_run_once) {
    journal_delta delta;
    for (const auto status : {run_status::completed, run_status::partial, run_status::failed, run_status::cancelled})
        delta.add_end(execution_no(1), status);
    EXPECT_EQ(delta.executions().at(execution_no(1)).tenants, (tenant_counts{0, 1, 1, 1, 1}));
}

TEST(journal_delta, does_not_count_a_run_that_is_open) {
    journal_delta delta;
    delta.add_end(execution_no(1), run_status::pending);
    delta.add_end(execution_no(1), run_status::running);
    EXPECT_EQ(delta.executions().at(execution_no(1)).tenants.ended(), 0);
}

RC_GTEST_PROP(journal_delta, keeps_executions_apart_and_adds_up, ()) {
    journal_delta delta;
    std::map<execution_id, std::int64_t> steps, retries;
    for (int count = *rc::gen::inRange(1, 50); count > 0; --count) {
        const auto id = execution_no(*rc::gen::inRange<std::uint8_t>(0, 4));
        const auto made = record(*rc::gen::inRange(0, 4),
                                 *rc::gen::element(step_status::completed, step_status::failed, step_status::skipped),
                                 *rc::gen::inRange(0, 5));
        delta.add_step(id, made);
        ++steps[id];
        retries[id] += std::max(0, made.attempts - 1);
    }
    RC_ASSERT(delta.executions().size() == steps.size());
    for (const auto& [id, added] : delta.executions()) {
        RC_ASSERT(added.steps.ended() == steps[id]);
        RC_ASSERT(added.steps.retries == retries[id]);
        step_counts sum;
        std::int64_t measured = 0;
        for (const auto& [step, counts] : added.by_step) {
            sum.completed += counts.completed;
            sum.failed += counts.failed;
            sum.skipped += counts.skipped;
            sum.retries += counts.retries;
        }
        for (const auto& [step, buckets] : added.latency)
            for (const auto& [bucket, count] : buckets) measured += count;
        RC_ASSERT(sum == added.steps);
        RC_ASSERT(measured == added.steps.completed + added.steps.failed);
    }
}

}  // namespace
}  // namespace orchestrator
