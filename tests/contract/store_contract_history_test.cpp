// What every store promises of old executions (execution_store::keep_history).
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
    int keep(system_time from, int most = 100) const {
        return expect(executions().keep_history(after(200), from, most));
    }
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

TEST_P(history_contract, forgets_a_few_at_a_time_the_oldest_first) {
    for (int i = 1; i <= 3; ++i) end_one(i);
    EXPECT_EQ(keep(after(1), 2), 2);
    EXPECT_EQ(fault(executions().find_execution(execution_no(2))), errc::not_found);
    EXPECT_EQ(listed_runs(3).size(), 2U);
    EXPECT_EQ(expect(executions().list_logs(execution_no(3), {})).size(), 2U);
    EXPECT_EQ(keep(after(1), 2), 1);
}

TEST_P(history_contract, a_retry_outlives_what_it_retried) {
    end_one(1);
    auto retry = make_execution(2);
    retry.retry_of = execution_no(1);
    retry.created_at = after(50);
    expect(executions().open_execution(retry));
    EXPECT_EQ(keep(after(1)), 1);
    EXPECT_EQ(found(2).retry_of, std::nullopt);
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
