#include "cli/follow_execution.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/cli/invented_time.h"

namespace orchestrator::cli {
namespace {

using namespace std::chrono_literals;

api_answer execution(const char* status, int completed = 0) {
    return {200, boost::json::object{{"id", "e"},
                                     {"workflow_name", "pan"},
                                     {"status", status},
                                     {"tenants", boost::json::object{{"total", 10}, {"completed", completed}}}}};
}

const api_result away = std::unexpected{api_failure{exit_code::unavailable, "refused\nmore"}};

class cli_follow_execution : public testing::Test {
  protected:
    std::optional<ended_execution> follow(const std::function<api_result()>& look) {
        plain_progress display{out, err, time};
        return follow_execution(look, [] { return system_time{}; }, time, display);
    }

    invented_time time;
    std::ostringstream out;
    std::ostringstream err;
};

TEST_F(cli_follow_execution, looks_five_times_a_second_until_the_end) {
    int looks = 0;
    const auto ended = follow([&] { return execution(++looks < 6 ? "running" : "completed"); });
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->snapshot.status, "completed");
    EXPECT_EQ(time.now.time_since_epoch(), 1s);
}

TEST_F(cli_follow_execution, plain_lines_appear_on_change_and_at_most_every_two_seconds) {
    int looks = 0;
    (void)follow([&] {
        const auto n = looks++;
        return execution(n < 60 ? "running" : "completed", n < 30 ? n / 5 : 6);  // changes every second for 6 s
    });
    const auto text = out.str();
    EXPECT_EQ(std::ranges::count(text, '\n'), 4) << text;
    EXPECT_TRUE(text.contains("6/10")) << text;
}

TEST_F(cli_follow_execution, survives_an_outage_and_says_so_once) {
    int looks = 0;
    const auto ended = follow([&]() -> api_result {
        const auto n = looks++;
        if (n >= 1 && n < 50) return away;
        return execution(n == 0 ? "running" : "completed");
    });
    EXPECT_TRUE(ended);
    EXPECT_EQ(err.str(), "refused; trying for another 30 s\nthe server answers again after 24.5 s\n");
}

TEST_F(cli_follow_execution, gives_up_after_thirty_seconds_without_the_server) {
    try {
        (void)follow([] { return away; });
        FAIL() << "did not give up";
    } catch (const command_failure& failure) {
        EXPECT_EQ(failure.code(), exit_code::unavailable);
        EXPECT_EQ(time.now.time_since_epoch(), 30s);
    }
}

TEST_F(cli_follow_execution, a_refusal_is_not_an_outage) {
    EXPECT_THROW(
        (void)follow([]() -> api_result { return std::unexpected{api_failure{exit_code::not_found, "gone"}}; }),
        command_failure);
    EXPECT_EQ(time.now.time_since_epoch(), 0s);
}

TEST_F(cli_follow_execution, ends_without_a_result_when_interrupted) {
    time.interrupt_at = time.now + 1s;
    EXPECT_FALSE(follow([] { return execution("running"); }));
    time.interrupt_at = {};
    EXPECT_FALSE(follow([] { return away; }));
}

}  // namespace
}  // namespace orchestrator::cli
