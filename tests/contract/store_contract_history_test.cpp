// What every store promises of old executions (ports/history_store.h).
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using testing::IsEmpty;

class history_contract : public store_contract {
  protected:
    void end_one(int number) {
        open(number, 2);
        std::vector<journal_entry> entries;
        for (const auto& run : claim(10)) {
            entries.push_back(
                entry_for(run, {make_record(run.claim.run, 0, step_status::completed)}, ended(run_status::completed)));
            entries.back().logs.push_back(make_log("done"));
        }
        commit(std::move(entries));
        expect(executions().finish_if_done(execution_no(number), after(100)));
    }
    // Bit by bit; how many executions.
    int keep(system_time from) const { return keep_all(history(), after(200), from); }
};

INSTANTIATE_TEST_SUITE_P(stores, history_contract, every_store(), [](const auto& kind) { return kind.param; });

TEST_P(history_contract, forgets_what_is_old_and_has_ended_with_all_of_it) {
    end_one(1);
    EXPECT_EQ(keep(start), 0) << "made at that moment, not before";
    EXPECT_EQ(found(1).status, execution_status::completed);
    EXPECT_EQ(keep(after(1)), 1);
    EXPECT_EQ(fault(executions().find_execution(execution_no(1))), errc::not_found);
    EXPECT_EQ(fault(executions().list_runs(execution_no(1), {})), errc::not_found);
    EXPECT_THAT(expect(executions().list_executions({})), IsEmpty());
    EXPECT_EQ(keep(after(1)), 0);
}

TEST_P(history_contract, what_has_not_ended_stays_however_old_it_is) {
    open(1, 1);
    EXPECT_EQ(keep(after(1'000'000)), 0);
    EXPECT_EQ(claim(10).size(), 1U);
}

// No statement holds up others for long, however large an execution is.
TEST_P(history_contract, a_large_execution_is_forgotten_in_many_bits) {
    if (GetParam() == "memory") GTEST_SKIP() << "nobody waits for it";
    open(1, 400);
    for (int turn = 0; turn < 4; ++turn) {
        std::vector<journal_entry> entries;
        for (const auto& run : claim(100)) {
            entries.push_back(
                entry_for(run, {make_record(run.claim.run, 0, step_status::completed)}, ended(run_status::completed)));
            entries.back().logs.push_back(make_log("done"));
        }
        commit(std::move(entries));
    }
    expect(executions().finish_if_done(execution_no(1), after(100)));
    end_one(2);
    const auto first = expect(history().keep_history(after(200), after(1)));
    EXPECT_EQ(first.executions, 0);
    EXPECT_FALSE(first.is_all);
    EXPECT_EQ(fault(executions().find_execution(execution_no(1))), errc::not_found) << "nobody sees half of it";
    EXPECT_EQ(expect(executions().list_executions({})).size(), 1U);
    EXPECT_EQ(keep(after(1)), 2);
    EXPECT_EQ(fault(executions().find_execution(execution_no(1))), errc::not_found);
}

TEST_P(history_contract, a_retry_keeps_what_it_descends_from_until_it_has_ended) {
    end_one(1);
    for (const int number : {2, 3}) {
        auto retry = make_execution(number);
        retry.retry_of = execution_no(number - 1);
        retry.created_at = after(number * 10);
        expect(executions().open_execution(retry));
        if (number == 3) break;
        expect(executions().complete_planning(execution_no(number), planned_to_end, after(21)));
        expect(executions().finish_if_done(execution_no(number), after(22)));
    }
    EXPECT_EQ(keep(after(199)), 0) << "the last one may still take over what the first one did";
    EXPECT_EQ(found(3).retry_of, execution_no(2));
    expect(executions().complete_planning(execution_no(3), planned_to_end, after(40)));
    expect(executions().finish_if_done(execution_no(3), after(41)));
    EXPECT_EQ(keep(after(25)), 2);
    EXPECT_EQ(found(3).retry_of, std::nullopt);
}

TEST_P(history_contract, what_was_decided_long_ago_is_forgotten) {
    const auto decide = [&](system_time at) {
        schedule_decision made{.workflow = workflow_no(1),
                               .schedule_version = expect(workflows().find_workflow(workflow_no(1))).schedule_version,
                               .decided_until = at,
                               .next_execution_at = {},
                               .problem = {},
                               .start = {},
                               .missed = {{at, "skipped"}}};
        expect(schedules().decide({made}, 0, at));
    };
    decide(after(10));
    decide(after(20));
    keep(after(15));
    EXPECT_EQ(expect(schedules().list_occurrences(workflow_no(1), start, after(100), 10)).size(), 2U);
    keep(after(15) + std::chrono::days{2});
    const auto left = expect(schedules().list_occurrences(workflow_no(1), start, after(100), 10));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].scheduled_for, after(20));
}

TEST_P(history_contract, a_version_of_a_schedule_is_kept_as_long_as_it_held) {
    for (const int at : {10, 20}) {
        auto changed = expect(workflows().find_workflow(workflow_no(1)));
        changed.when.cron_expression = std::to_string(at) + " 8 * * *";
        changed.when.timezone = "Europe/Madrid";
        changed.updated_at = after(at);
        expect(workflows().replace_workflow(changed));
    }
    const auto versions = [&] { return expect(schedules().list_schedule_versions(workflow_no(1))).size(); };
    const auto all = versions();
    keep(after(15));
    EXPECT_EQ(versions(), all - 1) << "what held at 15 s is kept";
    keep(after(1'000'000));
    EXPECT_EQ(versions(), 1U) << "the last one holds";
}

TEST_P(history_contract, a_backfill_is_forgotten_after_it_was_done) {
    backfill added;
    added.id = {make_uuid_v7(start, {7, 7})};
    added.workflow = workflow_no(1);
    added.workflow_name = "workflow_1";
    added.definition = make_execution(1).definition;
    added.start_date = added.end_date = *parse_date("2025-11-01");
    added.created_at = start;
    expect(backfills().insert_backfill(added, {after(1)}));
    expect(backfills().next_of_backfills(after(5)));
    keep(after(100));
    EXPECT_EQ(expect(backfills().list_backfills(10)).size(), 1U) << "it goes on";
    expect(backfills().cancel_backfill(added.id, after(10)));
    EXPECT_TRUE(expect(backfills().next_of_backfills(after(50))).empty());
    keep(after(50));
    ASSERT_EQ(expect(backfills().list_backfills(10)).size(), 1U);
    EXPECT_EQ(expect(backfills().list_backfills(10))[0].of.done_at, after(50));
    keep(after(51));
    EXPECT_TRUE(expect(backfills().list_backfills(10)).empty());
}

TEST_P(history_contract, runs_that_were_archived_are_read_as_before) {
    end_one(1);
    open(2, 2);
    const auto before = listed_runs(1);
    while (expect(history().archive_runs(after(101)))) {
    }
    const auto archived = listed_runs(1);
    ASSERT_EQ(archived.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(archived[i].id, before[i].id);
        EXPECT_EQ(archived[i].tenant, before[i].tenant);
        EXPECT_EQ(archived[i].status, before[i].status);
        EXPECT_EQ(archived[i].completed_at, before[i].completed_at);
        EXPECT_EQ(archived[i].steps.size(), before[i].steps.size());
    }
    EXPECT_EQ(claim(10).size(), 2U) << "what is open stays";
    EXPECT_EQ(keep(after(1)), 1);
}

TEST_P(history_contract, old_events_are_forgotten_whether_a_broker_took_them_or_not) {
    end_one(1);
    end_one(2);
    expect(outbox().note_published({expect(outbox().list_events({}))[0].of.id}, after(150)));
    keep(after(100));
    EXPECT_EQ(expect(outbox().list_events({})).size(), 2U) << "made at 100 s";
    keep(after(101));
    EXPECT_THAT(expect(outbox().list_events({})), IsEmpty());
}

}  // namespace
}  // namespace orchestrator::store_test
