#include "server/connection_report.h"

#include <gtest/gtest.h>

namespace orchestrator::server {
namespace {

using std::chrono::seconds;
const steady_time now{seconds{1'000}};

TEST(connection_report, has_no_problem_while_nothing_is_lacking) {
    const auto report = report_connections({.connections = 7, .max_connections = 576, .waiting = 2, .lacking = {}},
                                           {.connections = 3, .max_connections = 1'024, .lacking = {}}, now);
    EXPECT_TRUE(report.problems.empty());
    EXPECT_EQ(report.service_connections, 7U);
    EXPECT_EQ(report.max_service_connections, 576U);
    EXPECT_EQ(report.waiting_calls, 2);
    EXPECT_EQ(report.api_connections, 3U);
    EXPECT_EQ(report.max_api_connections, 1'024U);
}

TEST(connection_report, tells_since_when_and_why_nothing_can_be_opened) {
    const auto report =
        report_connections({.lacking = http::shortage{now - seconds{12}, "sales:8004: Too many open files"}},
                           {.lacking = http::shortage{now - seconds{3}, "Too many open files in system"}}, now);
    const std::vector<health_problem> expected{
        {"descriptors", "calls", "no connection to a service can be opened for 12 s: sales:8004: Too many open files"},
        {"descriptors", "api", "no connection of a client can be accepted for 3 s: Too many open files in system"}};
    EXPECT_EQ(report.problems, expected);
}

}  // namespace
}  // namespace orchestrator::server
