#include "cli/log_view.h"

#include <gtest/gtest.h>

namespace orchestrator::cli {
namespace {

namespace json = boost::json;

json::object page(std::initializer_list<int> sequences, json::value next) {
    json::array logs;
    for (const auto sequence : sequences) logs.push_back(json::object{{"sequence", sequence}});
    return {{"logs", logs}, {"next_cursor", next}};
}

TEST(cli_log_cursor, reads_the_last_page_again_and_leaves_out_what_was_seen) {
    log_cursor cursor;
    EXPECT_EQ(cursor.take(page({1, 2}, "a")).size(), 2U);
    EXPECT_FALSE(cursor.at_end());
    EXPECT_EQ(cursor.cursor(), "a");
    EXPECT_EQ(cursor.take(page({3}, nullptr)).size(), 1U);
    EXPECT_TRUE(cursor.at_end());
    EXPECT_EQ(cursor.cursor(), "a");
    EXPECT_EQ(cursor.take(page({3, 4}, nullptr)).size(), 1U);
    EXPECT_EQ(cursor.take(page({3, 4, 5}, "b")).size(), 1U);
    EXPECT_EQ(cursor.cursor(), "b");
    EXPECT_EQ(cursor.take(page({}, nullptr)).size(), 0U);
}

TEST(cli_log_line, is_one_line_whatever_the_message_holds) {
    const auto log = json::parse(R"({"tenant_id": "t", "step_name": "s", "log_level": "error",
        "log_message": "a\nb\u001b[2J", "log_data": {"n": 1}, "logged_at": "2025-11-06T08:30:20.125Z"})");
    EXPECT_EQ(log_line(log.as_object(), palette{false}), "2025-11-06 08:30:20.125 error   t/s a b [2J {\"n\":1}");
}

TEST(cli_log_line, leaves_out_what_is_not_there) {
    const auto log = json::parse(R"({"tenant_id": null, "step_name": null, "log_level": "info",
        "log_message": "planned", "log_data": null, "logged_at": "2025-11-06T08:30:20.125Z"})");
    EXPECT_EQ(log_line(log.as_object(), palette{false}), "2025-11-06 08:30:20.125 info    planned");
}

}  // namespace
}  // namespace orchestrator::cli
