#include "domain/schedule/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orchestrator {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

struct read_result {
    schedule read;
    std::vector<violation> violations;
};

read_result read(std::string_view text, const schedule& otherwise = {}) {
    read_result made;
    const auto source = json::parse(text);
    json_fields fields{source, "", made.violations};
    made.read = read_schedule(fields, otherwise);
    fields.refuse_unknown();
    return made;
}

auto wrong(std::string pointer, std::string message) {
    return testing::AllOf(Field(&violation::pointer, pointer), Field(&violation::message, HasSubstr(message)));
}

TEST(read_schedule, of_nothing_is_not_set_and_on_madrids_clock) {
    const auto made = read("{}");
    EXPECT_TRUE(made.violations.empty());
    EXPECT_FALSE(made.read.is_set());
    EXPECT_EQ(made.read.timezone, "Europe/Madrid");
}

constexpr std::string_view everything = R"({"cron_expression": "0 8 * * *", "ready_by": null,
    "timezone": "Atlantic/Canary", "timezone_mode": "tenant", "gap_policy": "skip", "fold_policy": "both",
    "calendar": "ES-CN", "holiday_policy": "alternative_cron", "holiday_cron": "0 10 * * *",
    "weekend_cron": "0 9 * * *", "misfire_policy": "fire_all", "misfire_grace_seconds": 60,
    "overlap_policy": "queue", "jitter_seconds": 30, "start_date": "2026-01-01", "end_date": "2026-12-31",
    "is_paused": true})";

TEST(read_schedule, gives_back_all_that_to_json_wrote) {
    const auto made = read(everything);
    EXPECT_TRUE(made.violations.empty());
    EXPECT_EQ(made.read.holidays, holiday_policy::alternative_cron);
    EXPECT_EQ(made.read.misfire_grace, std::chrono::seconds{60});
    EXPECT_EQ(json::value(to_json(made.read)), json::parse(everything));
    EXPECT_EQ(read(json::serialize(to_json(made.read))).read, made.read);
    EXPECT_EQ(read(json::serialize(to_json(schedule{.timezone = "UTC"}))).read, schedule{.timezone = "UTC"});
}

TEST(read_schedule, leaves_what_is_not_named_and_clears_what_is_null) {
    const auto before = read(everything).read;
    EXPECT_EQ(read("{}", before).read, before);
    const auto after =
        read(R"({"cron_expression": null, "ready_by": "07:30", "start_date": null, "is_paused": false})", before).read;
    EXPECT_EQ(after.cron_expression, "");
    EXPECT_EQ(after.ready_by, "07:30");
    EXPECT_EQ(after.start_date, std::nullopt);
    EXPECT_FALSE(after.is_paused);
    EXPECT_EQ(after.calendar, "ES-CN");
}

TEST(read_schedule, names_every_mistake) {
    const auto found = read(R"({"cron_expression": "61 8 * * *", "timezone_mode": "owner", "weekend_cron": "x",
        "holiday_policy": "never", "misfire_grace_seconds": -1, "jitter_seconds": 4000, "start_date": "2026-02-30",
        "calendar": "E S", "overlap": "skip"})")
                           .violations;
    EXPECT_THAT(found, Contains(wrong("/cron_expression", "minute \"61\" is outside 0-59")));
    EXPECT_THAT(found, Contains(wrong("/timezone_mode", "\"owner\" is not one of workflow, tenant")));
    EXPECT_THAT(found, Contains(wrong("/weekend_cron", "cron")));
    EXPECT_THAT(found, Contains(wrong("/holiday_policy", "\"never\" is not one of run, skip")));
    EXPECT_THAT(found, Contains(wrong("/misfire_grace_seconds", "outside")));
    EXPECT_THAT(found, Contains(wrong("/jitter_seconds", "outside")));
    EXPECT_THAT(found, Contains(wrong("/start_date", "\"2026-02-30\" is not a date")));
    EXPECT_THAT(found, Contains(wrong("/calendar", "not the code of a calendar")));
    EXPECT_THAT(found, Contains(wrong("/overlap", "unknown field")));
}

TEST(read_schedule, refuses_what_contradicts_itself) {
    EXPECT_THAT(read(R"({"cron_expression": "@daily", "ready_by": "08:00"})").violations,
                ElementsAre(wrong("/ready_by", "in place of cron_expression")));
    EXPECT_THAT(read(R"({"cron_expression": "@daily", "holiday_policy": "skip"})").violations,
                ElementsAre(wrong("/calendar", "is required with holiday_policy skip")));
    EXPECT_TRUE(read(R"({"cron_expression": "@daily", "holiday_policy": "skip", "timezone_mode": "tenant"})")
                    .violations.empty());
    EXPECT_THAT(
        read(R"({"cron_expression": "@daily", "holiday_policy": "alternative_cron", "calendar": "ES"})").violations,
        ElementsAre(wrong("/holiday_cron", "is required")));
    EXPECT_THAT(read(R"({"cron_expression": "@daily", "holiday_cron": "@daily"})").violations,
                ElementsAre(wrong("/holiday_cron", "only with")));
    EXPECT_THAT(read(R"({"weekend_cron": "@daily"})").violations, ElementsAre(wrong("/weekend_cron", "other days")));
    EXPECT_THAT(
        read(R"({"cron_expression": "@daily", "start_date": "2026-02-01", "end_date": "2026-01-01"})").violations,
        ElementsAre(wrong("/end_date", "2026-01-01 is before start_date 2026-02-01")));
    EXPECT_THAT(read(R"({"ready_by": "25:00"})").violations, ElementsAre(wrong("/ready_by", "hour \"25\"")));
}

TEST(ready_by, is_a_time_of_the_day_or_an_expression) {
    EXPECT_EQ(ready_by_expression("08:05"), "5 8 * * *");
    EXPECT_EQ(ready_by_expression("0 9 * * mon"), "0 9 * * mon");
    EXPECT_EQ(ready_by_expression(""), "");
}

TEST(dates, are_read_as_they_are_written) {
    using namespace std::chrono;
    const local_days date{2026y / February / 28};
    EXPECT_EQ(format_date(date), "2026-02-28");
    EXPECT_EQ(parse_date("2026-02-28"), date);
    for (const auto* text : {"", "2026-02-29", "2026-2-28", "2026-02-28T", "26-02-28"})
        EXPECT_EQ(parse_date(text), std::nullopt);
}

}  // namespace
}  // namespace orchestrator
