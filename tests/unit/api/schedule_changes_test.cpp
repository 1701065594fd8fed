// /schedule, /calendars, /backfills and what a past or coming day has in store, through the API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/unit/api/fake_platform.h"

namespace orchestrator::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class schedule_changes : public testing::Test, protected fakes::platform {
  protected:
    schedule_changes() {
        auto& daily = add_workflow("daily");
        daily.when = {.cron_expression = "0 8 * * *", .timezone = "Europe/Madrid"};
        finish(schedules.insert_workflow(daily));
    }

    static task<std::optional<int>> as_optional(task<result<void>> work) {
        const auto done = co_await std::move(work);
        co_return done ? std::optional{1} : std::nullopt;
    }
    static void finish(task<result<void>> work) { ASSERT_TRUE(fakes::finish(as_optional(std::move(work)))); }

    json::value get(const std::string& path) {
        const auto answer = ask("GET", path);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return fakes::body_of(answer);
    }
    json::value put(const std::string& path, const std::string& body) {
        const auto answer = ask("PUT", path, body);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return fakes::body_of(answer);
    }
    void put_calendar() {
        put("/calendars/ES", R"({"name": "España", "holidays": [{"name": "Navidad", "date": "12-25"}]})");
        put("/calendars/ES-MD",
            R"({"name": "Madrid", "parent": "ES", "holidays": [{"name": "San Isidro", "date": "05-15"}]})");
    }
    static std::vector<std::string> texts(const json::value& list, const char* field) {
        std::vector<std::string> found;
        for (const auto& each : list.as_array()) found.emplace_back(each.at(field).as_string());
        return found;
    }
};

TEST_F(schedule_changes, lists_every_workflow_with_its_schedule) {
    const auto shown = get("/schedule").at("schedules").at(0);
    EXPECT_EQ(shown.at("workflow_name"), "daily");
    EXPECT_EQ(shown.at("cron_expression"), "0 8 * * *");
    EXPECT_EQ(shown.at("misfire_policy"), "fire_once");
    EXPECT_EQ(shown.at("description").at("es"), "a las 08:00, todos los días");
    EXPECT_TRUE(shown.at("lead").is_null());
}

TEST_F(schedule_changes, changes_what_is_named_and_keeps_the_rest) {
    const auto changed =
        put("/schedule", R"({"workflow_name": "daily", "jitter_seconds": 60, "weekend_cron": "0 9 * * *"})");
    const auto& shown = changed.at("schedules").at(0);
    EXPECT_EQ(shown.at("jitter_seconds"), 60);
    EXPECT_EQ(shown.at("weekend_cron"), "0 9 * * *");
    EXPECT_EQ(shown.at("cron_expression"), "0 8 * * *");
    EXPECT_EQ(engine.schedule_changes, 1);
}

TEST_F(schedule_changes, changes_all_or_none) {
    add_workflow("weekly");
    const auto answer = ask("PUT", "/schedule",
                            R"([{"workflow_name": "daily", "cron_expression": "0 9 * * *"},
                                {"workflow_name": "weekly", "cron_expression": "0 25 * * *", "timezone": "Mars/Base",
                                 "colour": "red"}])");
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(fakes::problem_in(answer), "invalid_argument /1/cron_expression /1/colour") << answer.body;
    EXPECT_EQ(get("/schedule").at("schedules").at(0).at("cron_expression"), "0 8 * * *");
    EXPECT_EQ(engine.schedule_changes, 0);
}

TEST_F(schedule_changes, refuses_zones_and_calendars_that_nothing_answers_to) {
    const auto answer = ask("PUT", "/schedule",
                            R"({"workflow_name": "daily", "timezone": "Mars/Base", "calendar": "MARS",
                                "holiday_policy": "skip"})");
    EXPECT_EQ(fakes::problem_in(answer), "invalid_argument /timezone /calendar") << answer.body;
    EXPECT_EQ(ask("PUT", "/schedule", R"({"workflow_name": "nobody"})").status, 404);
}

TEST_F(schedule_changes, pauses_and_resumes) {
    EXPECT_EQ(fakes::body_of(ask("POST", "/workflows/daily/pause")).at("is_paused"), true);
    EXPECT_TRUE(get("/schedule/next-run").at("next_run").is_null());
    EXPECT_EQ(fakes::body_of(ask("POST", "/workflows/daily/resume")).at("is_paused"), false);
    EXPECT_EQ(get("/schedule/next-run").at("next_run").at("at"), "2025-11-07T07:00:00.000Z");
    EXPECT_EQ(engine.schedule_changes, 2);
    add_workflow("by_hand");
    EXPECT_EQ(ask("POST", "/workflows/by_hand/pause").status, 409);
}

TEST_F(schedule_changes, shows_what_runs_next_by_its_start) {
    auto& early = add_workflow("ready");
    early.when = {.ready_by = "08:30", .timezone = "Europe/Madrid"};
    const auto shown = get("/schedule/next-run");
    EXPECT_THAT(texts(shown.at("runs"), "workflow_name"), ElementsAre("ready", "daily"));
    EXPECT_EQ(shown.at("next_run").at("at"), "2025-11-07T07:30:00.000Z");
    EXPECT_EQ(shown.at("next_run").at("starts_at"), "2025-11-07T06:30:00.000Z") << "an hour: nothing is measured yet";
    const auto lead = get("/schedule").at("schedules").at(1).at("lead");
    EXPECT_EQ(lead.at("basis"), "too_few");
    EXPECT_EQ(lead.at("lead_seconds"), 3'600);
}

TEST_F(schedule_changes, keeps_every_version_of_a_calendar) {
    put_calendar();
    const auto again = put("/calendars/ES-MD", R"({"name": "Madrid", "parent": "ES", "holidays": []})");
    EXPECT_EQ(again.at("version"), 2);
    EXPECT_EQ(get("/calendars/ES-MD?version=1").at("holidays").as_array().size(), 1U);
    EXPECT_THAT(texts(get("/calendars").at("calendars"), "calendar"), ElementsAre("ES", "ES-MD"));
    const auto days = get("/calendars/ES-MD/holidays?year=2026").at("holidays");
    EXPECT_THAT(texts(days, "date"), ElementsAre("2026-12-25"));
    EXPECT_EQ(days.at(0).at("calendar"), "ES") << "where it comes from";
}

TEST_F(schedule_changes, refuses_calendars_that_cannot_be) {
    put_calendar();
    EXPECT_EQ(fakes::problem_in(ask("PUT", "/calendars/ES", R"({"name": "España", "parent": "ES-MD"})")),
              "invalid_argument /parent")
        << "a circle";
    EXPECT_EQ(fakes::problem_in(ask("PUT", "/calendars/X", R"({"name": "X", "parent": "nowhere"})")),
              "invalid_argument /parent");
    EXPECT_EQ(fakes::problem_in(ask("PUT", "/calendars/X", R"({"calendar": "Y", "name": "X"})")),
              "invalid_argument /calendar");
    EXPECT_EQ(ask("PUT", "/calendars/X", R"({"name": "X", "holidays": [{"name": "a", "date": "13-01"}]})").status, 422);
    EXPECT_EQ(ask("GET", "/calendars/X").status, 404);
    EXPECT_EQ(ask("GET", "/calendars/ES/holidays?year=1999").status, 400);
}

TEST_F(schedule_changes, does_not_delete_what_is_in_use) {
    put_calendar();
    put("/schedule", R"({"workflow_name": "daily", "calendar": "ES-MD", "holiday_policy": "skip"})");
    const auto parent = ask("DELETE", "/calendars/ES");
    EXPECT_EQ(parent.status, 409);
    EXPECT_THAT(parent.body, HasSubstr("ES-MD"));
    EXPECT_THAT(ask("DELETE", "/calendars/ES-MD").body, HasSubstr("daily"));
    put("/schedule", R"({"workflow_name": "daily", "calendar": null, "holiday_policy": "run"})");
    EXPECT_EQ(ask("DELETE", "/calendars/ES-MD").status, 204);
    EXPECT_EQ(ask("DELETE", "/calendars/ES-MD").status, 404);
    EXPECT_EQ(get("/calendars/ES-MD?version=1").at("name"), "Madrid") << "older versions stay";
}

TEST_F(schedule_changes, previews_a_workflow_with_what_would_be_otherwise) {
    put_calendar();
    const auto shown =
        get("/schedule/preview?workflow=daily&calendar=ES-MD&holiday_policy=next_business_day&after="
            "2025-12-24T12:00:00Z&limit=1");
    const auto& first = shown.at("occurrences").at(0);
    EXPECT_EQ(first.at("at"), "2025-12-26T07:00:00.000Z");
    const auto moved =
        get("/schedule/preview?workflow=daily&calendar=ES-MD&holiday_policy=previous_business_day&after="
            "2025-12-24T12:00:00Z&limit=1");
    EXPECT_EQ(moved.at("occurrences").at(0).at("at"), "2025-12-26T07:00:00.000Z");
    // Both policies leave a schedule of every day alike; one of the holiday alone tells them apart.
    const auto first_of = [&](const std::string& policy) {
        const auto line =
            get("/schedule/preview?workflow=daily&cron_expression=0%208%2025%20*%20*&calendar=ES-MD&limit=1"
                "&after=2025-12-01T12:00:00Z&holiday_policy=" +
                policy)
                .at("occurrences")
                .at(0);
        return std::string{line.at("at").as_string()} + " " + std::string{line.at("reason").as_string()};
    };
    EXPECT_EQ(first_of("run"), "2025-12-25T07:00:00.000Z regular");
    EXPECT_EQ(first_of("skip"), "2026-01-25T07:00:00.000Z regular");
    EXPECT_EQ(first_of("next_business_day"), "2025-12-26T07:00:00.000Z moved");
    EXPECT_EQ(first_of("previous_business_day"), "2025-12-24T07:00:00.000Z moved");
    EXPECT_EQ(get("/schedule").at("schedules").at(0).at("holiday_policy"), "run") << "nothing is saved";
}

// What is decided is in the store that the fakes share.
TEST_F(schedule_changes, explains_a_past_day) {
    const auto id = workflows.rows.begin()->first;
    const auto at = *parse_time("2025-11-07T07:00:00Z");
    time.slept = std::chrono::days{3};
    const auto version = fakes::finish(schedules.list_schedule_versions(id)).value().back().version;
    const schedule_decision decision{.workflow = id,
                                     .schedule_version = version,
                                     .decided_until = at,
                                     .next_execution_at = {},
                                     .problem = "",
                                     .start = {},
                                     .missed = {{at, "too_old"}}};
    ASSERT_TRUE(fakes::finish(schedules.decide({decision}, 0, time.now())));
    const auto shown = get("/schedule/explain?workflow=daily&date=2025-11-07");
    EXPECT_EQ(shown.at("summary"), "0 of 1 times ran");
    const auto& line = shown.at("lines").at(0);
    EXPECT_EQ(line.at("outcome"), "missed");
    EXPECT_EQ(line.at("explanation"), "missed for longer than misfire_grace_seconds");
    EXPECT_EQ(line.at("local"), "2025-11-07T08:00:00+01:00");
    EXPECT_EQ(get("/schedule/explain?workflow=daily&date=2025-11-01").at("summary"),
              "the workflow did not exist on this day");
    EXPECT_EQ(get("/schedule/explain?workflow=daily&date=2025-11-20").at("lines").at(0).at("explanation"),
              "it is still to come");
    EXPECT_EQ(fakes::problem_in(ask("GET", "/schedule/explain")), "invalid_argument query:workflow query:date");
}

TEST_F(schedule_changes, makes_up_for_past_days) {
    time.slept = std::chrono::days{5};
    const auto dry = ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "2025-11-07",
                                                   "end_date": "2025-11-30", "dry_run": true})");
    EXPECT_EQ(dry.status, 200) << dry.body;
    EXPECT_EQ(fakes::body_of(dry).at("scheduled_for").as_array().size(), 5U) << "up to now, the 11th";
    EXPECT_EQ(get("/backfills").at("backfills").as_array().size(), 0U);

    const auto made = ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "2025-11-07",
                                                    "end_date": "2025-11-08", "max_concurrent": 2})");
    EXPECT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(engine.schedule_changes, 1);
    const std::string id{fakes::body_of(made).at("id").as_string()};
    EXPECT_EQ(find_header(made.headers, "Location"), std::string{base_path} + "/backfills/" + id);
    const auto shown = get("/backfills/" + id);
    EXPECT_EQ(shown.at("status"), "running");
    EXPECT_EQ(shown.at("occurrences").at("total"), 2);
    const auto cancelled = ask("POST", "/backfills/" + id + "/cancel");
    EXPECT_EQ(fakes::body_of(cancelled).at("status"), "cancelled");
    EXPECT_EQ(ask("POST", "/backfills/" + id + "/cancel").status, 409);
}

TEST_F(schedule_changes, a_day_that_ran_without_all_of_its_tenants_is_not_done) {
    time.slept = std::chrono::days{5};
    const auto daily = fakes::finish(schedules.find_workflow(workflows.rows.begin()->first)).value();
    execution ran;
    ran.id = random.new_id<execution_id>(time.now());
    ran.workflow = daily.id;
    ran.scheduled_for = *parse_time("2025-11-07T07:00:00Z");
    ran.status = execution_status::partial;
    ran.planning_complete = true;
    executions.rows.push_back(ran);
    const schedule_decision started{.workflow = daily.id,
                                    .schedule_version = daily.schedule_version,
                                    .decided_until = *ran.scheduled_for,
                                    .next_execution_at = {},
                                    .problem = {},
                                    .start = {{ran, overlap_policy::allow, {}}},
                                    .missed = {}};
    ASSERT_TRUE(fakes::finish(schedules.decide({started}, 0, time.now())));
    const auto backfill = [&](std::string_view end_date) {
        return ask("POST", "/backfills",
                   fmt::format(R"({{"workflow_name": "daily", "start_date": "2025-11-07",
                                                         "end_date": "{}", "dry_run": {}}})",
                               end_date, end_date != "2025-11-07"));
    };
    const auto dry = fakes::body_of(backfill("2025-11-08"));
    EXPECT_EQ(dry.at("started_already"), 0);
    EXPECT_EQ(dry.at("incomplete").at(0).at("execution_id").as_string(), to_string(ran.id));
    EXPECT_EQ(dry.at("scheduled_for").as_array().size(), 1U) << "the other day";
    const auto refused = backfill("2025-11-07");
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(refused.body, HasSubstr(to_string(ran.id)));

    auto retry = ran;
    retry.id = random.new_id<execution_id>(time.now());
    retry.retry_of = ran.id;
    executions.rows.push_back(retry);
    EXPECT_THAT(backfill("2025-11-07").body, HasSubstr(to_string(retry.id))) << "the last one knows most";
    executions.rows.back().planned_to_end = true;
    EXPECT_THAT(backfill("2025-11-07").body, HasSubstr("ran already"));
}

TEST_F(schedule_changes, refuses_backfills_of_nothing) {
    EXPECT_EQ(fakes::problem_in(ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "2025-11-09",
                                                              "end_date": "2025-11-08"})")),
              "invalid_argument /end_date");
    EXPECT_EQ(fakes::problem_in(ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "yesterday"})")),
              "invalid_argument /start_date");
    EXPECT_EQ(fakes::problem_in(ask("POST", "/backfills", R"({})")), "invalid_argument /workflow_name");
    const auto future = ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "2026-11-09"})");
    EXPECT_EQ(future.status, 409);
    EXPECT_THAT(future.body, HasSubstr("nothing was due"));
    EXPECT_EQ(fakes::problem_in(ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "2020-01-01",
                                                              "end_date": "2025-01-01"})")),
              "invalid_argument /end_date");
    EXPECT_EQ(ask("GET", "/backfills/x").status, 400);
    workflows.rows.begin()->second.is_enabled = false;
    EXPECT_EQ(ask("POST", "/backfills", R"({"workflow_name": "daily", "start_date": "2025-11-06"})").status, 409);
}

TEST_F(schedule_changes, tells_what_tomorrow_has_in_store) {
    put("/schedule", R"({"workflow_name": "daily", "timezone_mode": "tenant"})");
    finish(schedules.replace_tenant_groups({{"Europe/Madrid", "", 30}, {"Mars/Base", "", 1}}, 0));
    const auto shown = get("/schedule/dry-run");
    EXPECT_EQ(shown.at("date"), "2025-11-07");
    const auto& daily = shown.at("workflows").at(0);
    const auto& first = daily.at("occurrences").at(0);
    EXPECT_EQ(first.at("at"), "2025-11-07T07:00:00.000Z");
    EXPECT_EQ(first.at("tenants"), 30);
    EXPECT_EQ(first.at("estimate").at("calls"), 60) << "two steps each";
    EXPECT_TRUE(first.at("estimate").at("usual_duration_ms").is_null()) << "nothing was measured";
    EXPECT_EQ(daily.at("problems").as_array().size(), 1U) << "on Mars nobody knows the time";
    EXPECT_EQ(shown.at("totals").at("calls"), 60);
}

}  // namespace
}  // namespace orchestrator::api
