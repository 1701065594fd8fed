// Tests of how an execution ends, and of the levels of its logs.
#include "domain/execution/execution.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace orchestrator {
namespace {

using enum execution_status;

struct ending {
    tenant_counts tenants;  // total, completed, partial, failed, cancelled
    bool cancelled;
    bool planned_to_end;
    execution_status expected;
};

class execution_ending : public testing::TestWithParam<ending> {};

TEST_P(execution_ending, follows_from_its_tenants) {
    const auto& [tenants, cancel_requested, planned_to_end, expected] = GetParam();
    EXPECT_EQ(to_string(final_execution_status(tenants, cancel_requested, planned_to_end)), to_string(expected));
}

INSTANTIATE_TEST_SUITE_P(
    execution, execution_ending,
    testing::Values(ending{{3, 3, 0, 0, 0}, false, true, completed}, ending{{0, 0, 0, 0, 0}, false, true, completed},
                    ending{{3, 2, 0, 1, 0}, false, true, partial}, ending{{3, 2, 1, 0, 0}, false, true, partial},
                    ending{{3, 0, 1, 2, 0}, false, true, partial}, ending{{3, 0, 0, 3, 0}, false, true, failed},
                    ending{{3, 3, 0, 0, 0}, false, false, partial}, ending{{3, 0, 1, 2, 0}, false, false, partial},
                    ending{{3, 0, 0, 3, 0}, false, false, failed}, ending{{0, 0, 0, 0, 0}, false, false, failed},
                    ending{{3, 1, 0, 0, 2}, true, true, cancelled}, ending{{3, 3, 0, 0, 0}, true, true, cancelled},
                    ending{{0, 0, 0, 0, 0}, true, false, cancelled}));

RC_GTEST_PROP(execution, ends_completed_only_if_every_tenant_did, ()) {
    const auto count = [] { return *rc::gen::inRange<std::int64_t>(0, 4); };
    tenant_counts tenants{
        .total = 0, .completed = count(), .partial = count(), .failed = count(), .cancelled = count()};
    tenants.total = tenants.ended();
    const bool planned_to_end = *rc::gen::arbitrary<bool>();
    const auto status = final_execution_status(tenants, false, planned_to_end);
    RC_ASSERT(is_final(status));
    RC_ASSERT((status == completed) == (tenants.completed == tenants.total && planned_to_end));
}

TEST(counts, ended_leaves_no_kind_out) {
    EXPECT_EQ((tenant_counts{.total = 100, .completed = 1, .partial = 2, .failed = 4, .cancelled = 8}).ended(), 15);
    EXPECT_EQ((step_counts{.total = 100, .completed = 1, .failed = 2, .skipped = 4, .retries = 8}).ended(), 7);
}

TEST(log_level, has_words_that_are_read_back_and_an_order) {
    for (const auto level : {log_level::info, log_level::warning, log_level::error})
        EXPECT_EQ(parse_log_level(to_string(level)), level);
    EXPECT_EQ(to_string(log_level::warning), "warning");
    EXPECT_FALSE(parse_log_level("warn"));
    EXPECT_FALSE(parse_log_level(""));
    EXPECT_LT(log_level::info, log_level::warning);
    EXPECT_LT(log_level::warning, log_level::error);
}

}  // namespace
}  // namespace orchestrator
