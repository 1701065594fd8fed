// The journal: batches that grow while a commit is under way, and what a faulty store does to them.
#include "engine/journal.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "tests/simulation/world/virtual_thread.h"
#include "tests/unit/engine/fake_run_store.h"

namespace orchestrator {
namespace {

using batches = std::vector<std::vector<int>>;
using receipt_result = result<journal_receipt>;

class journal_test : public testing::Test {
  protected:
    ~journal_test() override { thread_.drop(); }

    void record(int run) { thread_.start(wait_for(this, run)); }
    static task<> wait_for(journal_test* self, int run) {
        journal_entry entry{.claim = {run_id(run), 1}, .execution = {}, .steps = {}, .logs = {}, .outcome = {}};
        auto answer = co_await self->journal_.record(std::move(entry));
        self->kept_[run] = answer.what == journal::verdict::kept;
        self->answers_[run] = std::move(answer);
    }
    void fail_commits(int how_often, errc code) {
        for (; how_often > 0; --how_often)
            store_.commit_answers.push_back([code](const auto&) -> receipt_result { return fail(code, "no room"); });
    }

    simulation::virtual_thread thread_;
    engine_test::fake_run_store store_{thread_.time};
    int calls_in_flight_ = 0;
    std::vector<execution_id> drained_;
    journal journal_{thread_.where(), store_, thread_.time, [this] { return calls_in_flight_; },
                     [this](execution_id id) {
                         if (throws_when_drained_) throw std::runtime_error{"no memory"};
                         drained_.push_back(id);
                     }};
    bool throws_when_drained_ = false;
    std::map<int, bool> kept_;
    std::map<int, journal::answer> answers_;
};

TEST_F(journal_test, a_lone_entry_is_committed_at_once) {
    record(1);
    thread_.settle();
    EXPECT_EQ(store_.batches, (batches{{1}}));
    EXPECT_EQ(kept_, (std::map<int, bool>{{1, true}}));
}

TEST_F(journal_test, entries_that_arrive_during_a_commit_share_the_next_one) {
    store_.latency = milliseconds{10};
    for (int run = 1; run <= 4; ++run) record(run);
    thread_.settle();
    EXPECT_TRUE(kept_.empty());
    thread_.pass(milliseconds{20});
    EXPECT_EQ(store_.batches, (batches{{1}, {2, 3, 4}}));
    EXPECT_EQ(kept_.size(), 4U);
}

TEST_F(journal_test, nobody_is_told_before_the_commit_is_done) {
    store_.latency = milliseconds{10};
    record(1);
    thread_.pass(milliseconds{9});
    EXPECT_TRUE(kept_.empty());
    thread_.pass(milliseconds{1});
    EXPECT_TRUE(kept_.at(1));
}

TEST_F(journal_test, a_busy_engine_waits_a_moment_for_company) {
    calls_in_flight_ = 16;
    record(1);
    thread_.pass(milliseconds{1});
    EXPECT_TRUE(store_.batches.empty());
    record(2);
    thread_.pass(milliseconds{1});
    EXPECT_EQ(store_.batches, (batches{{1, 2}}));
}

TEST_F(journal_test, a_batch_has_a_bound) {
    store_.latency = milliseconds{1};
    record(0);
    for (int run = 1; run <= int(journal::largest_batch) + 5; ++run) record(run);
    thread_.pass(milliseconds{10});
    ASSERT_EQ(store_.batches.size(), 3U);
    EXPECT_EQ(store_.batches[1].size(), journal::largest_batch);
    EXPECT_EQ(store_.batches[2].size(), 5U);
}

TEST_F(journal_test, a_passing_fault_keeps_the_batch_and_everything_behind_it_waits) {
    for (const auto code : {errc::store_full, errc::store_read_only, errc::store_unavailable}) fail_commits(1, code);
    record(1);
    record(2);
    thread_.settle();
    ASSERT_TRUE(journal_.problem());
    EXPECT_EQ(journal_.problem()->message, "no room");
    EXPECT_TRUE(kept_.empty());
    thread_.pass(milliseconds{10'000});
    EXPECT_EQ(store_.batches, (batches{{1}, {1}, {1}, {1}, {2}}));
    EXPECT_EQ(kept_, (std::map<int, bool>{{1, true}, {2, true}}));
    EXPECT_FALSE(journal_.problem());
}

TEST_F(journal_test, tries_grow_rarer_but_never_rarer_than_each_second) {
    fail_commits(1'000, errc::store_full);
    record(1);
    thread_.pass(milliseconds{60'000});
    EXPECT_GE(store_.batches.size(), 60U);
    EXPECT_LE(store_.batches.size(), 70U);
}

TEST_F(journal_test, a_store_that_throws_is_a_passing_fault) {
    store_.commit_answers.push_back([](const auto&) -> receipt_result { throw std::runtime_error{"driver"}; });
    record(1);
    thread_.settle();
    EXPECT_TRUE(journal_.problem());
    thread_.pass(milliseconds{1'000});
    EXPECT_TRUE(kept_.at(1));
}

TEST_F(journal_test, what_is_thrown_behind_a_commit_stops_nothing) {
    throws_when_drained_ = true;
    store_.commit_answers.push_back([](const auto&) -> receipt_result {
        return journal_receipt{.refused = {}, .drained = {execution_id{make_uuid_v7({}, {1, 1})}}};
    });
    record(1);
    thread_.settle();
    EXPECT_TRUE(kept_.at(1));
    thread_.pass(milliseconds{1'000});
    EXPECT_FALSE(journal_.problem()) << "nothing waits";
    record(2);
    thread_.pass(milliseconds{2'000});
    EXPECT_TRUE(kept_.at(2));
    EXPECT_FALSE(journal_.problem());
}

TEST_F(journal_test, a_lost_claim_is_refused_alone) {
    store_.latency = milliseconds{1};
    store_.commit_answers.push_back([](const auto&) { return journal_receipt{}; });
    store_.commit_answers.push_back(
        [](const auto&) { return journal_receipt{.refused = {{run_id(3), 1}}, .drained = {}}; });
    for (int run = 1; run <= 4; ++run) record(run);
    thread_.pass(milliseconds{10});
    EXPECT_EQ(kept_, (std::map<int, bool>{{1, true}, {2, true}, {3, false}, {4, true}}));
}

TEST_F(journal_test, an_entry_that_the_store_will_never_take_does_not_take_others_with_it) {
    const auto takes_no_3 = [](const std::vector<journal_entry>& entries) -> receipt_result {
        for (const auto& entry : entries)
            if (entry.claim.run == run_id(3)) return fail(errc::entry_refused, "constraint failed");
        return journal_receipt{};
    };
    store_.latency = milliseconds{1};
    store_.commit_answers.assign(10, takes_no_3);
    for (int run = 1; run <= 4; ++run) record(run);
    thread_.pass(milliseconds{20});
    EXPECT_EQ(kept_, (std::map<int, bool>{{1, true}, {2, true}, {3, false}, {4, true}}));
    EXPECT_EQ(answers_[3].what, journal::verdict::refused);
    EXPECT_EQ(answers_[3].why, "constraint failed");
    ASSERT_TRUE(answers_[3].entry);
    EXPECT_EQ(answers_[3].entry->claim.run, run_id(3));
    EXPECT_EQ(journal_.lost(), 0);
    EXPECT_FALSE(journal_.problem());
    ASSERT_TRUE(journal_.refusal());
    EXPECT_TRUE(journal_.refusal()->ends_with("cannot be recorded: constraint failed"));
    thread_.pass(std::chrono::minutes{1});
    EXPECT_FALSE(journal_.refusal());
}

// A missing right, a renamed table: it would be the same for each entry.
TEST_F(journal_test, what_is_wrong_with_the_store_isolates_no_entry) {
    for (const auto code : {errc::store_unusable, errc::store_corrupt}) fail_commits(5, code);
    for (int run = 1; run <= 3; ++run) record(run);
    thread_.settle();
    ASSERT_TRUE(journal_.problem());
    EXPECT_EQ(journal_.problem()->code, errc::store_unusable);
    EXPECT_TRUE(kept_.empty());
    thread_.pass(milliseconds{10'000});
    EXPECT_EQ(kept_, (std::map<int, bool>{{1, true}, {2, true}, {3, true}}));
    EXPECT_EQ(store_.batches, (batches{{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {2, 3}}));
}

TEST_F(journal_test, the_engine_is_told_which_executions_have_no_open_run) {
    const execution_id done{make_uuid_v7(thread_.time.now(), {1, 2})};
    store_.commit_answers.push_back([done](const auto&) { return journal_receipt{.refused = {}, .drained = {done}}; });
    record(1);
    thread_.settle();
    EXPECT_EQ(drained_, std::vector{done});
}

}  // namespace
}  // namespace orchestrator
