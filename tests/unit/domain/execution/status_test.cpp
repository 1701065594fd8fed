// Tests of the words of the states.
#include "domain/execution/status.h"

#include <gtest/gtest.h>

namespace orchestrator {
namespace {

template <class Status>
struct named {
    Status status;
    std::string_view word;
    bool final;
};

constexpr named<execution_status> executions[] = {
    {execution_status::pending, "pending", false},    {execution_status::running, "running", false},
    {execution_status::completed, "completed", true}, {execution_status::partial, "partial", true},
    {execution_status::failed, "failed", true},       {execution_status::cancelled, "cancelled", true}};

constexpr named<run_status> runs[] = {
    {run_status::pending, "pending", false},    {run_status::running, "running", false},
    {run_status::completed, "completed", true}, {run_status::partial, "partial", true},
    {run_status::failed, "failed", true},       {run_status::cancelled, "cancelled", true}};

TEST(status, of_executions_has_words_that_are_read_back) {
    for (const auto& [status, word, final] : executions) {
        EXPECT_EQ(to_string(status), word);
        EXPECT_EQ(parse_execution_status(word), status);
        EXPECT_EQ(is_final(status), final) << word;
    }
}

TEST(status, of_runs_has_words_that_are_read_back) {
    for (const auto& [status, word, final] : runs) {
        EXPECT_EQ(to_string(status), word);
        EXPECT_EQ(parse_run_status(word), status);
        EXPECT_EQ(is_final(status), final) << word;
    }
}

TEST(status, of_steps_has_words_that_are_read_back) {
    EXPECT_EQ(to_string(step_status::completed), "completed");
    EXPECT_EQ(to_string(step_status::failed), "failed");
    EXPECT_EQ(to_string(step_status::skipped), "skipped");
    for (const auto status : {step_status::completed, step_status::failed, step_status::skipped})
        EXPECT_EQ(parse_step_status(to_string(status)), status);
}

TEST(status, unknown_words_are_refused) {
    for (const auto* word : {"", "Completed", "complete", "skipped ", "done"}) {
        EXPECT_FALSE(parse_execution_status(word)) << word;
        EXPECT_FALSE(parse_run_status(word)) << word;
        EXPECT_FALSE(parse_step_status(word)) << word;
    }
    EXPECT_FALSE(parse_execution_status("skipped"));
    EXPECT_FALSE(parse_step_status("pending"));
}

}  // namespace
}  // namespace orchestrator
