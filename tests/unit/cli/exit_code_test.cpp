#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

TEST(cli_exit_code, every_http_status_has_its_code) {
    const std::pair<int, exit_code> cases[] = {
        {200, exit_code::success},       {202, exit_code::success},   {204, exit_code::success},
        {301, exit_code::unavailable},   {400, exit_code::refused},   {401, exit_code::access_denied},
        {403, exit_code::access_denied}, {404, exit_code::not_found}, {409, exit_code::conflict},
        {415, exit_code::refused},       {422, exit_code::refused},   {500, exit_code::unavailable},
        {503, exit_code::unavailable},
    };
    for (const auto& [status, code] : cases) EXPECT_EQ(exit_code_of_http_status(status), code) << status;
}

TEST(cli_exit_code, only_a_completed_execution_is_a_success) {
    EXPECT_EQ(exit_code_of_execution("completed"), exit_code::success);
    for (const auto* status : {"partial", "failed", "cancelled"})
        EXPECT_EQ(exit_code_of_execution(status), exit_code::run_failed) << status;
}

TEST(cli_exit_code, interrupted_waiting_ends_with_130) { EXPECT_EQ(exit_status_of_signal(2), 130); }

}  // namespace
}  // namespace orchestrator::cli
