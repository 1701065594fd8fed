#include "cli/progress_view.h"

#include <gtest/gtest.h>

#include "cli/terminal_text.h"

namespace orchestrator::cli {
namespace {

const palette plain{false};

std::string bar(std::int64_t total, std::int64_t ok, std::int64_t failed, std::int64_t skipped) {
    return progress_bar({.name = "s", .total = total, .completed = ok, .failed = failed, .skipped = skipped}, 10,
                        plain);
}

execution_snapshot running() {
    execution_snapshot execution;
    execution.workflow_name = "pan_diario";
    execution.status = "running";
    execution.planning_complete = true;
    execution.steps_per_second = 1234.5;
    execution.tenants = {.total = 1000, .completed = 810, .partial = 1, .failed = 1};
    execution.steps = {{.name = "inventory", .total = 1000, .completed = 996, .failed = 4, .retries = 12},
                       {.name = "forecast", .total = 1000, .completed = 500}};
    return execution;
}

TEST(cli_progress_bar, parts_have_the_share_of_their_counts) {
    EXPECT_EQ(bar(100, 50, 20, 10), "█████▓▓▒░░");
    EXPECT_EQ(bar(100, 0, 0, 0), "░░░░░░░░░░");
    EXPECT_EQ(bar(100, 100, 0, 0), "██████████");
}

TEST(cli_progress_bar, is_full_only_when_everything_has_ended) {
    EXPECT_EQ(bar(10'000, 9'999, 0, 0), "█████████░");
    EXPECT_EQ(bar(3, 1, 1, 1), "████▓▓▓▒▒▒");
}

TEST(cli_progress_bar, shows_a_single_failure_among_thousands) {
    EXPECT_EQ(bar(10'000, 9'999, 1, 0), "█████████▓");
    EXPECT_EQ(bar(10'000, 10, 1, 1), "█▓▒░░░░░░░");
}

TEST(cli_progress_bar, keeps_its_width_for_strange_counts) {
    for (const auto& text : {bar(0, 0, 0, 0), bar(0, 5, 5, 5), bar(2, 7, 0, 0), bar(1, 0, 0, 1)})
        EXPECT_EQ(display_width(text), 10U) << text;
}

TEST(cli_live_lines, show_a_headline_and_a_bar_for_each_step) {
    const auto lines = live_lines(running(), milliseconds{12'300}, "", {100, 24}, plain);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0], "pan_diario  running  12.3 s  1234 steps/s  tenants 812/1000 done");
    EXPECT_TRUE(lines[1].starts_with("  inventory  ███")) << lines[1];
    EXPECT_TRUE(lines[1].ends_with("  100%  996 ok  4 failed  12 retries")) << lines[1];
    EXPECT_TRUE(lines[2].ends_with("   50%  500 ok")) << lines[2];
}

TEST(cli_live_lines, are_never_wider_than_the_terminal) {
    auto execution = running();
    execution.workflow_name = "Obrador de Pan y Bollería Mª José de los Ángeles";
    for (std::size_t columns = 2; columns < 140; ++columns)
        for (const auto& line :
             live_lines(execution, milliseconds{1}, "a notice that is rather long", {columns, 24}, plain))
            EXPECT_LT(display_width(line), columns) << line;
}

TEST(cli_live_lines, never_fill_the_terminal_to_its_last_row) {
    auto execution = running();
    for (int i = 0; i < 30; ++i) execution.steps.push_back({.name = "more", .total = 1});
    const auto lines = live_lines(execution, milliseconds{1}, "notice", {80, 10}, plain);
    EXPECT_EQ(lines.size(), 9U);
    EXPECT_EQ(lines[7], "  … 26 more steps");
    EXPECT_EQ(lines[8], "notice");
}

TEST(cli_plain_progress_line, sums_up_all_steps) {
    EXPECT_EQ(
        plain_progress_line(running(), milliseconds{2'000}),
        "pan_diario: running after 2.0 s: 812/1000 tenants done; steps: 1496 ok, 4 failed, 0 skipped, 12 retries; "
        "1234 steps/s");
}

TEST(cli_progress, tells_what_planning_waits_for) {
    auto execution = running();
    execution.planning_complete = false;
    execution.error_message = "planning waits: the tenant service cannot be reached";
    EXPECT_TRUE(plain_progress_line(execution, milliseconds{1}).ends_with("; " + execution.error_message));
    EXPECT_EQ(live_lines(execution, milliseconds{1}, "", {100, 24}, plain).back(), execution.error_message);
    EXPECT_EQ(live_lines(execution, milliseconds{1}, "news", {100, 24}, plain).back(), "news");
    execution.planning_complete = true;
    EXPECT_FALSE(plain_progress_line(execution, milliseconds{1}).contains("waits"));
}

}  // namespace
}  // namespace orchestrator::cli
