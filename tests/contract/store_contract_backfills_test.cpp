// The contract of the stores, continued: backfills.
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class backfill_contract : public store_contract {
  protected:
    static constexpr int days = 86'400;

    static backfill_id backfill_no(int number) { return {uuid_of(number)}; }
    static backfill make_backfill(int number, int max_concurrent) {
        return {.id = backfill_no(number),
                .workflow = workflow_no(1),
                .workflow_name = "workflow_1",
                .definition = R"({"workflow_name":"daily"})",
                .start_date = parse_date("2025-11-01").value(),
                .end_date = parse_date("2025-11-04").value(),
                .max_concurrent = max_concurrent,
                .created_at = after(100)};
    }
    void insert(int number, int max_concurrent, int occurrences) const {
        std::vector<system_time> times;
        for (int i = 0; i < occurrences; ++i) times.push_back(after(i * days));
        expect(backfills().insert_backfill(make_backfill(number, max_concurrent), times));
    }
    static backfill_start starting(int backfill_number, int execution_number, int day) {
        auto opened = make_execution(execution_number);
        opened.scheduled_for = after(day * days);
        opened.is_backfill = true;
        return {backfill_no(backfill_number), std::move(opened)};
    }
    std::vector<execution_id> open(std::vector<backfill_start> starts) const {
        return expect(backfills().open_backfill_executions(std::move(starts), 0, after(200)));
    }
    [[nodiscard]] std::vector<system_time> next() const {
        std::vector<system_time> all;
        for (const auto& turn : expect(backfills().next_of_backfills(after(1'000))))
            all.insert(all.end(), turn.next.begin(), turn.next.end());
        return all;
    }
    void end(int execution_number) const {
        expect(executions().complete_planning(execution_no(execution_number), planned_to_end, start));
        expect(executions().finish_if_done(execution_no(execution_number), after(300)));
    }
    [[nodiscard]] tracked_backfill found(int number) const {
        return expect(backfills().find_backfill(backfill_no(number)));
    }
};

INSTANTIATE_TEST_SUITE_P(stores, backfill_contract, every_store(), [](const auto& of) { return of.param; });

TEST_P(backfill_contract, keeps_what_was_asked_for) {
    insert(10, 2, 3);
    EXPECT_EQ(found(10).of, make_backfill(10, 2));
    EXPECT_EQ(found(10).progress, (backfill_progress{.occurrences = 3}));
    EXPECT_FALSE(found(10).is_done());
    insert(11, 1, 1);
    const auto listed = expect(backfills().list_backfills(1));
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].of.id, backfill_no(11)) << "newest first";
    EXPECT_EQ(fault(backfills().find_backfill(backfill_no(12))), errc::not_found);
}

TEST_P(backfill_contract, opens_as_many_at_once_as_it_may) {
    insert(10, 2, 3);
    EXPECT_THAT(next(), ElementsAre(after(0), after(days)));
    EXPECT_THAT(open({starting(10, 20, 0), starting(10, 21, 1)}), ElementsAre(execution_no(20), execution_no(21)));
    EXPECT_THAT(next(), IsEmpty());
    EXPECT_EQ(expect(backfills().next_of_backfills(after(1'000))).size(), 1U) << "it goes on";
    EXPECT_TRUE(expect(executions().find_execution(execution_no(20))).is_backfill);
    end(20);
    EXPECT_THAT(next(), ElementsAre(after(2 * days)));
    open({starting(10, 22, 2)});
    end(21);
    end(22);
    EXPECT_EQ(found(10).progress.ended, 3);
    EXPECT_TRUE(found(10).is_done());
    EXPECT_THAT(expect(backfills().next_of_backfills(after(1'000))), IsEmpty());
}

TEST_P(backfill_contract, an_occurrence_is_one_execution) {
    insert(10, 3, 2);
    insert(11, 3, 2);
    EXPECT_THAT(open({starting(10, 20, 0), starting(10, 21, 0), starting(11, 22, 0)}), ElementsAre(execution_no(20)));
    EXPECT_EQ(found(11).progress.opened, 1) << "it is the same execution";
    const auto occurrences = expect(schedules().list_occurrences(workflow_no(1), start, after(days), 10));
    ASSERT_EQ(occurrences.size(), 1U);
    EXPECT_EQ(occurrences[0].outcome, occurrence_outcome::started);
    EXPECT_EQ(occurrences[0].reason, "backfill");
    EXPECT_EQ(occurrences[0].execution, execution_no(20));
    EXPECT_THAT(open({starting(10, 23, 9)}), IsEmpty()) << "an occurrence that it does not have";
}

TEST_P(backfill_contract, makes_up_for_what_was_missed) {
    auto daily = make_workflow(2, "daily");
    daily.when = {.cron_expression = "0 8 * * *", .timezone = "Europe/Madrid"};
    expect(workflows().insert_workflow(daily));
    expect(schedules().decide({{.workflow = workflow_no(2),
                                .schedule_version = expect(workflows().find_workflow(workflow_no(2))).schedule_version,
                                .decided_until = after(days),
                                .next_execution_at = {},
                                .problem = "",
                                .start = {},
                                .missed = {{after(0), "too_old"}}}},
                              0, after(days)));
    auto wanted = make_backfill(10, 1);
    wanted.workflow = workflow_no(2);
    expect(backfills().insert_backfill(wanted, {after(0)}));
    auto start_of_it = starting(10, 20, 0);
    start_of_it.opened.workflow = workflow_no(2);
    EXPECT_EQ(open({start_of_it}).size(), 1U);
    const auto occurrences = expect(schedules().list_occurrences(workflow_no(2), start, after(days), 10));
    ASSERT_EQ(occurrences.size(), 1U);
    EXPECT_EQ(occurrences[0].outcome, occurrence_outcome::started);
}

TEST_P(backfill_contract, can_be_cancelled) {
    insert(10, 1, 3);
    open({starting(10, 20, 0)});
    const auto revision = expect(schedules().schedule_revision());
    const auto cancelled = expect(backfills().cancel_backfill(backfill_no(10), after(250)));
    EXPECT_EQ(cancelled.of.cancelled_at, after(250));
    EXPECT_GT(expect(schedules().schedule_revision()), revision) << "others are told";
    EXPECT_FALSE(cancelled.is_done()) << "one is still open";
    EXPECT_THAT(open({starting(10, 21, 1)}), IsEmpty());
    EXPECT_THAT(expect(backfills().next_of_backfills(after(1'000))), IsEmpty());
    EXPECT_EQ(expect(backfills().cancel_backfill(backfill_no(10), after(260))).of.cancelled_at, after(250));
    end(20);
    EXPECT_TRUE(found(10).is_done());
    EXPECT_EQ(fault(backfills().cancel_backfill(backfill_no(10), after(270))), errc::state_conflict);
    EXPECT_EQ(fault(backfills().cancel_backfill(backfill_no(11), after(270))), errc::not_found);
}

}  // namespace
}  // namespace orchestrator::store_test
