// What the preview of an expression shows, and what it refuses.
#include <gtest/gtest.h>

#include "tests/unit/api/fake_platform.h"

namespace orchestrator::api {
namespace {

class schedule_test : public testing::Test, protected fakes::platform {
  protected:
    response preview(const std::string& query) { return ask("GET", "/schedule/preview?" + query); }

    std::vector<std::string> shown(const std::string& query, const char* field) {
        const auto answer = preview(query);
        EXPECT_EQ(answer.status, 200) << answer.body;
        std::vector<std::string> found;
        const auto body = fakes::body_of(answer);
        for (const auto& each : body.at("occurrences").as_array()) found.emplace_back(each.at(field).as_string());
        return found;
    }
};

TEST_F(schedule_test, shows_ten_occurrences_from_now_in_madrid) {
    const auto at = shown("cron_expression=0%208%20*%20*%20*", "at");
    const auto words = fakes::body_of(preview("cron_expression=0%208%20*%20*%20*")).at("description");
    EXPECT_EQ(words.at("en"), "at 08:00, every day");
    EXPECT_EQ(words.at("es"), "a las 08:00, todos los días");
    ASSERT_EQ(at.size(), 10U);
    EXPECT_EQ(at[0], "2025-11-07T07:00:00.000Z") << "the test begins at 08:30 UTC";
}

TEST_F(schedule_test, says_what_the_clocks_do) {
    const std::string gap = "cron_expression=30%202%20*%20*%20*&after=2026-03-28T12:00:00Z&limit=2";
    EXPECT_EQ(shown(gap, "at"), (std::vector<std::string>{"2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"}));
    EXPECT_EQ(shown(gap, "local"),
              (std::vector<std::string>{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}));
    EXPECT_EQ(shown(gap, "nominal")[0], "2026-03-29T02:30:00");
    EXPECT_EQ(shown(gap, "reason"), (std::vector<std::string>{"after_gap", "regular"}));
    const std::string fold = "cron_expression=30%20*%20*%20*%20*&after=2026-10-25T00:00:00Z&limit=2";
    EXPECT_EQ(shown(fold, "reason"), (std::vector<std::string>{"first_of_fold", "second_of_fold"}));
    EXPECT_EQ(shown(fold, "local"),
              (std::vector<std::string>{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"}));
}

TEST_F(schedule_test, ends_with_the_century) {
    EXPECT_EQ(shown("cron_expression=@daily&after=2100-12-29T12:00:00Z", "at").size(), 2U);
}

TEST_F(schedule_test, refuses_everything_that_is_wrong_at_once) {
    const auto both = preview("cron_expression=61%20*%20*%20*%20*&timezone=Europe/Madird");
    EXPECT_EQ(both.status, 400);
    EXPECT_EQ(fakes::problem_in(both), "invalid_argument query:cron_expression query:timezone");
    EXPECT_NE(both.body.find("minute \\\"61\\\" is outside 0-59"), std::string::npos) << both.body;
    EXPECT_EQ(fakes::problem_in(preview("")), "invalid_argument query:cron_expression");
    EXPECT_EQ(fakes::problem_in(preview("cron_expression=@daily&after=soon&limit=0&other=1")),
              "invalid_argument query:after query:limit query:other");
}

}  // namespace
}  // namespace orchestrator::api
