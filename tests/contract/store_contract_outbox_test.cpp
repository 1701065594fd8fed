// What every store promises of events (ports/event_outbox.h).
#include <gmock/gmock.h>

#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class outbox_contract : public store_contract {
  protected:
    event end_one(int number, run_status status = run_status::completed) {
        open(number, 1);
        const auto run = claim(1).at(0);
        commit({entry_for(run, {make_record(run.claim.run, 0, step_status::completed)}, ended(status))});
        return end_event(expect(executions().finish_if_done(execution_no(number), after(100 + number))));
    }
    std::vector<event> unpublished(int limit = 10, system_time now = after(1'000)) const {
        std::vector<event> found;
        for (auto& each : expect(outbox().unpublished_events(limit, now))) found.push_back(std::move(each.of));
        return found;
    }
};

INSTANTIATE_TEST_SUITE_P(stores, outbox_contract, every_store(), [](const auto& kind) { return kind.param; });

TEST_P(outbox_contract, an_execution_that_ends_leaves_one_event) {
    EXPECT_THAT(unpublished(), IsEmpty());
    open(1, 1);
    EXPECT_THAT(claim(1), SizeIs(1));
    expect(executions().finish_if_done(execution_no(1), after(5)));
    EXPECT_THAT(unpublished(), IsEmpty()) << "it has not ended";
    const auto told = end_one(2);
    EXPECT_THAT(unpublished(), ElementsAre(told));
    expect(executions().finish_if_done(execution_no(2), after(200)));
    EXPECT_THAT(unpublished(), ElementsAre(told)) << "it ended once";
    EXPECT_EQ(told.routing_key, "orchestrator.workflow_completed");
}

TEST_P(outbox_contract, what_is_published_is_kept_but_not_published_again) {
    const auto first = end_one(1);
    const auto second = end_one(2, run_status::failed);
    EXPECT_THAT(unpublished(1), ElementsAre(first)) << "the oldest comes first";
    expect(outbox().note_published({first.id}, after(300)));
    EXPECT_THAT(unpublished(), ElementsAre(second));
    expect(outbox().note_unpublished({{first.id, "late word of an earlier try", after(300)}}));
    const auto listed = expect(outbox().list_events({}));
    ASSERT_THAT(listed, SizeIs(2));
    EXPECT_EQ(listed[0].of, second);
    EXPECT_EQ(listed[0].published_at, std::nullopt);
    EXPECT_EQ(listed[1].of, first);
    EXPECT_EQ(listed[1].published_at, after(300));
    EXPECT_EQ(listed[1].attempts, 0);
}

TEST_P(outbox_contract, what_failed_stands_behind_the_others) {
    const auto first = end_one(1);
    const auto second = end_one(2);
    expect(outbox().note_unpublished({{first.id, "no queue wants it", after(300)}}));
    EXPECT_THAT(unpublished(), ElementsAre(second, first));
    expect(outbox().note_unpublished({{second.id, "a", after(300)}, {first.id, "still none", after(300)}}));
    const auto listed = expect(outbox().list_events({}));
    EXPECT_EQ(listed[1].attempts, 2);
    EXPECT_EQ(listed[1].problem, "still none");
    expect(outbox().note_published({first.id}, after(300)));
    EXPECT_EQ(expect(outbox().list_events({}))[1].problem, "");
}

TEST_P(outbox_contract, what_failed_waits_for_its_time) {
    const auto first = end_one(1);
    const auto second = end_one(2);
    expect(outbox().note_unpublished({{first.id, "no queue wants it", after(500)}}));
    EXPECT_THAT(unpublished(10, after(500) - milliseconds{1}), ElementsAre(second));
    const auto due = expect(outbox().unpublished_events(10, after(500)));
    ASSERT_THAT(due, SizeIs(2));
    EXPECT_EQ(due[1].of, first);
    EXPECT_EQ(due[1].attempts, 1) << "as the next wait depends on it";
    EXPECT_EQ(due[1].problem, "no queue wants it");
}

TEST_P(outbox_contract, a_broker_that_is_away_is_the_reason_of_all_that_have_none_of_their_own) {
    const auto published = end_one(1);
    const auto refused = end_one(2);
    const auto waiting = end_one(3);
    expect(outbox().note_published({published.id}, after(300)));
    expect(outbox().note_unpublished({{refused.id, "no queue wants it", after(300)}}));
    for (const auto* problem : {"no route", "no answer"}) {
        expect(outbox().note_broker_problem(problem));
        const auto listed = expect(outbox().list_events({}));
        EXPECT_EQ(listed[0].of, waiting);
        EXPECT_EQ(listed[0].problem, problem);
        EXPECT_EQ(listed[0].attempts, 0) << "nothing was wrong with it";
        EXPECT_EQ(listed[1].problem, "no queue wants it");
        EXPECT_EQ(listed[2].problem, "");
    }
    EXPECT_THAT(unpublished(), ElementsAre(waiting, refused));
}

TEST_P(outbox_contract, lists_pages_newest_first) {
    std::vector<event_id> ids;
    for (int i = 1; i <= 5; ++i) ids.push_back(end_one(i).id);
    expect(outbox().note_published({ids[3]}, after(300)));
    const auto page = expect(outbox().list_events({.limit = 2}));
    ASSERT_THAT(page, SizeIs(2));
    EXPECT_EQ(page[0].of.id, ids[4]);
    EXPECT_EQ(page[1].of.id, ids[3]);
    const auto rest = expect(outbox().list_events({.before = ids[3]}));
    ASSERT_THAT(rest, SizeIs(3));
    EXPECT_EQ(rest[0].of.id, ids[2]);
    EXPECT_THAT(expect(outbox().list_events({.unpublished_only = true})), SizeIs(4));
}

}  // namespace
}  // namespace orchestrator::store_test
