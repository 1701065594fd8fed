// The contract of the stores, continued: schedules, what is decided about them, and calendars.
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

schedule every_morning() { return {.cron_expression = "0 8 * * *", .timezone = "Europe/Madrid"}; }

workflow scheduled(int number, std::string name) {
    auto made = make_workflow(number, std::move(name));
    made.when = every_morning();
    return made;
}

class schedule_contract : public store_contract {
  protected:
    schedule_contract() { expect(workflows().insert_workflow(scheduled(2, "daily"))); }

    [[nodiscard]] workflow daily() const { return expect(workflows().find_workflow(workflow_no(2))); }

    occurrence_start starting(int execution_number, system_time at, overlap_policy overlap = overlap_policy::skip,
                              std::vector<std::string> groups = {}) const {
        auto opened = make_execution(execution_number, 2);
        opened.execution_type = "scheduled";
        opened.scheduled_for = at;
        return {.opened = std::move(opened), .overlap = overlap, .tenant_groups = std::move(groups)};
    }
    schedule_decision decision(std::vector<occurrence_start> start, system_time until) const {
        return {.workflow = workflow_no(2),
                .schedule_version = daily().schedule_version,
                .decided_until = until,
                .next_execution_at = until + std::chrono::days{1},
                .problem = "",
                .start = std::move(start),
                .missed = {}};
    }
    decision_receipt decide(schedule_decision one, system_time now = after(500)) const {
        return expect(schedules().decide({std::move(one)}, 0, now));
    }
    [[nodiscard]] std::vector<decided_occurrence> occurrences() const {
        return expect(schedules().list_occurrences(workflow_no(2), start, after(1'000'000), 100));
    }
    void end(int execution_number, system_time now) const {
        expect(executions().complete_planning(execution_no(execution_number), planned_to_end, start));
        expect(executions().finish_if_done(execution_no(execution_number), now));
    }
};

INSTANTIATE_TEST_SUITE_P(stores, schedule_contract, every_store(), [](const auto& of) { return of.param; });

TEST_P(schedule_contract, keeps_every_field_of_a_schedule) {
    auto written = make_workflow(3, "everything");
    written.when = {.cron_expression = "",
                    .ready_by = "07:30",
                    .timezone = "Atlantic/Canary",
                    .zone_mode = timezone_mode::tenant,
                    .clock = {gap_policy::skip, fold_policy::both},
                    .calendar = "ES-CN",
                    .holidays = holiday_policy::alternative_cron,
                    .holiday_cron = "0 10 * * *",
                    .weekend_cron = "0 9 * * *",
                    .misfire = misfire_policy::fire_all,
                    .misfire_grace = std::chrono::seconds{7},
                    .overlap = overlap_policy::queue,
                    .jitter = std::chrono::seconds{9},
                    .start_date = local_days{std::chrono::days{20'000}},
                    .end_date = local_days{std::chrono::days{20'001}},
                    .is_paused = true};
    expect(workflows().insert_workflow(written));
    const auto read = expect(workflows().find_workflow(written.id));
    EXPECT_EQ(read.when, written.when);
    EXPECT_EQ(read.unreadable_schedule, "");
    EXPECT_EQ(read.schedule_version, 1);
    EXPECT_EQ(read.decided_until, written.created_at);
    EXPECT_EQ(read.next_execution_at, std::nullopt);
    EXPECT_FALSE(expect(workflows().find_workflow(workflow_no(1))).when.is_set());
}

TEST_P(schedule_contract, a_changed_schedule_decides_about_times_to_come) {
    decide(decision({}, after(100)));
    ASSERT_TRUE(daily().next_execution_at);
    auto changed = scheduled(2, "daily");
    changed.description = "the schedule is the same";
    changed.updated_at = after(150);
    EXPECT_EQ(expect(workflows().replace_workflow(changed)).schedule_version, 1);
    EXPECT_EQ(daily().decided_until, after(100));
    EXPECT_TRUE(daily().next_execution_at);

    changed.when.cron_expression = "0 9 * * *";
    changed.updated_at = after(200);
    EXPECT_EQ(expect(workflows().replace_workflow(changed)).schedule_version, 2);
    EXPECT_EQ(daily().decided_until, after(200));
    EXPECT_EQ(daily().next_execution_at, std::nullopt);
    const auto versions = expect(schedules().list_schedule_versions(workflow_no(2)));
    ASSERT_THAT(versions, SizeIs(2));
    EXPECT_EQ(versions[0].changed_at, start);
    EXPECT_EQ(versions[1].changed_at, after(200));
    EXPECT_THAT(versions[1].schedule, testing::HasSubstr("0 9 * * *"));
}

TEST_P(schedule_contract, what_was_disabled_or_deleted_is_not_made_up_for) {
    expect(workflows().enable_workflow(workflow_no(2), false, after(10)));
    expect(workflows().enable_workflow(workflow_no(2), true, after(20)));
    EXPECT_EQ(daily().decided_until, after(20));
    expect(workflows().enable_workflow(workflow_no(2), true, after(25)));
    EXPECT_EQ(daily().decided_until, after(20)) << "it was enabled";
    expect(workflows().delete_workflow(workflow_no(2), after(30)));
    expect(workflows().restore_workflow(workflow_no(2), after(40)));
    EXPECT_EQ(daily().decided_until, after(40));
    EXPECT_EQ(expect(schedules().list_schedule_versions(workflow_no(2))).back().version, daily().schedule_version);
}

TEST_P(schedule_contract, the_revision_grows_with_each_change) {
    auto last = expect(schedules().schedule_revision());
    const auto grew = [&] {
        const auto now = expect(schedules().schedule_revision());
        return std::exchange(last, now) < now;
    };
    expect(workflows().insert_workflow(scheduled(3, "x")));
    EXPECT_TRUE(grew());
    expect(workflows().replace_workflow(scheduled(3, "y")));
    EXPECT_TRUE(grew());
    expect(workflows().enable_workflow(workflow_no(3), false, after(1)));
    EXPECT_TRUE(grew());
    expect(workflows().delete_workflow(workflow_no(3), after(1)));
    EXPECT_TRUE(grew());
    expect(workflows().restore_workflow(workflow_no(3), after(1)));
    EXPECT_TRUE(grew());
    expect(calendars().put_calendar({.code = "X", .name = "", .parent = "", .source = "{}", .updated_at = start}));
    EXPECT_TRUE(grew());
    expect(calendars().delete_calendar("X", start));
    EXPECT_TRUE(grew());
    expect(schedules().replace_tenant_groups({{"UTC", "", 1}}, 0));
    EXPECT_TRUE(grew());
    expect(schedules().replace_tenant_groups({{"UTC", "", 1}}, 0));
    decide(decision({starting(1, after(100))}, after(100)));
    EXPECT_FALSE(grew()) << "the same groups, and a decision, are no news";
}

TEST_P(schedule_contract, an_occurrence_opens_one_execution_whoever_decides_and_however_often) {
    const auto first = decide(decision({starting(1, after(100))}, after(100)));
    EXPECT_THAT(first.opened, ElementsAre(execution_no(1)));
    const auto again = decide(decision({starting(2, after(100))}, after(100)));
    EXPECT_THAT(again.opened, IsEmpty());
    EXPECT_EQ(fault(executions().find_execution(execution_no(2))), errc::not_found);
    EXPECT_THAT(occurrences(), ElementsAre(decided_occurrence{after(100), occurrence_outcome::started, "",
                                                              execution_no(1), after(500)}));
    const auto opened = found(1);
    EXPECT_EQ(opened.scheduled_for, after(100));
    EXPECT_EQ(opened.execution_type, "scheduled");
    EXPECT_EQ(opened.status, execution_status::pending);
    EXPECT_EQ(daily().decided_until, after(100));
    EXPECT_EQ(daily().next_execution_at, after(100) + std::chrono::days{1});
}

TEST_P(schedule_contract, a_decision_from_an_older_schedule_is_refused_whole) {
    const auto old = decision({starting(1, after(100))}, after(100));
    auto changed = scheduled(2, "daily");
    changed.when.cron_expression = "0 9 * * *";
    expect(workflows().replace_workflow(changed));
    EXPECT_THAT(decide(old).stale, ElementsAre(workflow_no(2)));
    EXPECT_EQ(fault(executions().find_execution(execution_no(1))), errc::not_found);
    EXPECT_THAT(occurrences(), IsEmpty());

    const auto current = decision({starting(1, after(100))}, after(100));
    expect(workflows().enable_workflow(workflow_no(2), false, after(1)));
    EXPECT_THAT(decide(current).stale, SizeIs(1)) << "disabled";
    auto unknown = current;
    unknown.workflow = workflow_no(9);
    EXPECT_THAT(decide(unknown).stale, SizeIs(1)) << "unknown";
}

TEST_P(schedule_contract, decided_until_never_goes_back) {
    decide(decision({}, after(100)));
    decide(decision({}, after(50)));
    EXPECT_EQ(daily().decided_until, after(100));
}

TEST_P(schedule_contract, misses_are_noted_with_their_reason_and_never_over_something_else) {
    decide(decision({starting(1, after(100))}, after(100)));
    auto late = decision({}, after(300));
    late.missed = {{after(100), "too_old"}, {after(200), "superseded"}};
    late.problem = "calendar \"X\" is not known";
    decide(late, after(600));
    EXPECT_THAT(
        occurrences(),
        ElementsAre(decided_occurrence{after(100), occurrence_outcome::started, "", execution_no(1), after(500)},
                    decided_occurrence{after(200), occurrence_outcome::missed, "superseded", {}, after(600)}));
    EXPECT_EQ(daily().schedule_problem, "calendar \"X\" is not known");
}

TEST_P(schedule_contract, overlap_skip_notes_whom_it_would_have_overlapped) {
    decide(decision({starting(1, after(100))}, after(100)));
    EXPECT_THAT(decide(decision({starting(2, after(200))}, after(200))).opened, IsEmpty());
    EXPECT_EQ(occurrences().back(),
              (decided_occurrence{after(200), occurrence_outcome::overlapped, "", execution_no(1), after(500)}));
    end(1, after(250));
    EXPECT_THAT(decide(decision({starting(3, after(300))}, after(300))).opened, SizeIs(1));
}

TEST_P(schedule_contract, overlap_allow_opens_beside_it_and_manual_executions_do_not_count) {
    open(7, 0);  // of another workflow
    auto manual = make_execution(8, 2);
    expect(executions().open_execution(manual));
    EXPECT_THAT(decide(decision({starting(1, after(100))}, after(100))).opened, SizeIs(1));
    EXPECT_THAT(decide(decision({starting(2, after(200), overlap_policy::allow)}, after(200))).opened, SizeIs(1));
}

TEST_P(schedule_contract, tells_until_when_a_schedule_was_busy) {
    const auto busy_until = [&] { return expect(schedules().busy_until(workflow_no(1), after(999))); };
    EXPECT_EQ(busy_until(), std::nullopt);
    for (const int number : {1, 2}) {
        auto made = make_execution(number);
        made.execution_type = "scheduled";
        made.scheduled_for = after(number);
        expect(executions().open_execution(made));
        EXPECT_EQ(busy_until(), after(999)) << "it is under way";
        expect(executions().complete_planning(made.id, {.to_end = true}, after(50)));
        expect(executions().finish_if_done(made.id, after(50 + number)));
        EXPECT_EQ(busy_until(), after(50 + number));
    }
    auto by_hand = make_execution(3);
    expect(executions().open_execution(by_hand));
    auto made_up_for = make_execution(4);
    made_up_for.execution_type = "scheduled";
    made_up_for.scheduled_for = after(3);
    made_up_for.is_backfill = true;
    expect(executions().open_execution(made_up_for));
    EXPECT_EQ(busy_until(), after(52)) << "what somebody started is no time of the schedule";
}

TEST_P(schedule_contract, overlap_queue_waits_for_the_end_of_the_one_before) {
    decide(decision({starting(1, after(100))}, after(100)));
    const auto waits = decision(
        {starting(2, after(200), overlap_policy::queue), starting(3, after(300), overlap_policy::queue)}, after(300));
    const auto blocked = decide(waits);
    EXPECT_THAT(blocked.blocked, ElementsAre(workflow_no(2)));
    EXPECT_THAT(blocked.opened, IsEmpty());
    EXPECT_EQ(daily().decided_until, after(200) - milliseconds{1});
    EXPECT_EQ(daily().next_execution_at, after(200));
    EXPECT_THAT(occurrences(), SizeIs(1));
    end(1, after(350));
    const auto then = decide(waits);
    EXPECT_THAT(then.opened, ElementsAre(execution_no(2)));
    EXPECT_THAT(then.blocked, SizeIs(1)) << "the third waits for the second";
}

TEST_P(schedule_contract, executions_of_other_clocks_do_not_overlap) {
    decide(decision({starting(1, after(100), overlap_policy::skip, {"Europe/Madrid ES-MD", "Europe/Madrid ES-CT"})},
                    after(100)));
    EXPECT_THAT(
        decide(decision({starting(2, after(200), overlap_policy::skip, {"Atlantic/Canary ES-CN"})}, after(200))).opened,
        SizeIs(1));
    EXPECT_THAT(
        decide(decision({starting(3, after(300), overlap_policy::skip, {"Europe/Madrid ES-CT"})}, after(300))).opened,
        IsEmpty());
}

TEST_P(schedule_contract, past_durations_are_those_of_scheduled_executions_that_did_something) {
    for (int i = 1; i <= 4; ++i) {
        auto one = starting(i, after(i * 100), overlap_policy::allow);
        one.opened.created_at = after(i * 100);
        decide(decision({one}, after(i * 100)));
    }
    for (int i = 1; i <= 3; ++i) end(i, after(i * 100 + i));
    EXPECT_THAT(expect(schedules().past_durations(workflow_no(2), 2)),
                ElementsAre(milliseconds{3'000}, milliseconds{2'000}));
    EXPECT_THAT(expect(schedules().past_durations(workflow_no(1), 10)), IsEmpty());
}

TEST_P(schedule_contract, lists_occurrences_of_an_interval) {
    for (int i = 1; i <= 4; ++i) decide(decision({starting(i, after(i * 100), overlap_policy::allow)}, after(i * 100)));
    const auto listed = expect(schedules().list_occurrences(workflow_no(2), after(200), after(400), 100));
    ASSERT_THAT(listed, SizeIs(2));
    EXPECT_EQ(listed.front().scheduled_for, after(200));
    EXPECT_THAT(expect(schedules().list_occurrences(workflow_no(2), start, after(1'000), 3)), SizeIs(3));
}

TEST_P(schedule_contract, keeps_the_groups_of_tenants_in_order) {
    expect(schedules().replace_tenant_groups({{"Europe/Madrid", "ES-MD", 3}, {"Atlantic/Canary", "ES-CN", 2}}, 0));
    EXPECT_THAT(expect(schedules().list_tenant_groups()),
                ElementsAre(tenant_group{"Atlantic/Canary", "ES-CN", 2}, tenant_group{"Europe/Madrid", "ES-MD", 3}));
    expect(schedules().replace_tenant_groups({}, 0));
    EXPECT_THAT(expect(schedules().list_tenant_groups()), IsEmpty());
}

TEST_P(schedule_contract, keeps_every_version_of_a_calendar) {
    stored_calendar one{
        .code = "ES", .name = "España", .parent = "", .source = R"({"a":1})", .is_builtin = true, .updated_at = start};
    EXPECT_EQ(expect(calendars().put_calendar(one)).version, 1);
    EXPECT_EQ(expect(calendars().put_calendar(one)).version, 1) << "the same again is no new version";
    one.source = R"({"a":2})";
    one.is_builtin = false;
    EXPECT_EQ(expect(calendars().put_calendar(one)).version, 2);
    EXPECT_EQ(expect(calendars().find_calendar("ES")).source, R"({"a":2})");
    const auto first = expect(calendars().find_calendar("ES", 1));
    EXPECT_TRUE(first.is_builtin);
    EXPECT_EQ(first.name, "España");
    EXPECT_EQ(first.updated_at, start);
    EXPECT_EQ(fault(calendars().find_calendar("ES", 3)), errc::not_found);
    EXPECT_EQ(fault(calendars().find_calendar("XX")), errc::not_found);
    expect(calendars().put_calendar({.code = "AA", .name = "", .parent = "", .source = "{}", .updated_at = start}));
    const auto listed = expect(calendars().list_calendars());
    ASSERT_THAT(listed, SizeIs(2));
    EXPECT_EQ(listed.front().code, "AA");
    EXPECT_EQ(listed.back().version, 2);
}

TEST_P(schedule_contract, a_deleted_calendar_can_be_put_back) {
    const stored_calendar one{.code = "X", .name = "x", .parent = "", .source = "{}", .updated_at = start};
    expect(calendars().put_calendar(one));
    expect(calendars().delete_calendar("X", after(1)));
    EXPECT_EQ(fault(calendars().find_calendar("X")), errc::not_found);
    EXPECT_EQ(fault(calendars().delete_calendar("X", after(1))), errc::not_found);
    EXPECT_THAT(expect(calendars().list_calendars()), IsEmpty());
    EXPECT_TRUE(expect(calendars().find_calendar("X", 2)).is_deleted);
    EXPECT_EQ(expect(calendars().put_calendar(one)).version, 3);
    EXPECT_EQ(expect(calendars().find_calendar("X")).name, "x");
}

}  // namespace
}  // namespace orchestrator::store_test
