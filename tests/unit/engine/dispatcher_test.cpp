// The dispatcher: when it asks the store for runs, and when it leaves it alone.
#include "engine/dispatcher.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "tests/simulation/world/random_world.h"
#include "tests/simulation/world/virtual_thread.h"
#include "tests/unit/engine/fake_run_store.h"

namespace orchestrator {
namespace {

using std::chrono::seconds;

class dispatcher_test : public testing::Test {
  protected:
    explicit dispatcher_test(int claim_batch = 4, int max_active_runs = 10)
        : dispatcher_{{.instance_id = "instance_1",
                       .max_active_runs = max_active_runs,
                       .claim_batch = claim_batch,
                       .what_to_claim = [this] { return call_limits::claim_terms{.closed_services = closed_}; }},
                      runs_,
                      executions_,
                      environment_} {
        spdlog::set_level(spdlog::level::off);
        services_.script_steps([](const http_request&, int) { return simulation::answered(200, "{}", seconds{30}); });
        const auto definition = simulation::workflow_from(
            R"({"workflow_name":"one","steps":[{"name":"bake","service":"production","path":"/bake"}]})");
        execution opened;
        opened.id = execution_;
        opened.definition = definition.source;
        opened.deadline_at = thread_.time.now() + std::chrono::hours{1};
        simulation::at_once(memory_.open_execution(std::move(opened)));
    }
    ~dispatcher_test() override {
        draining_ = true;
        limits_.abandon();
        thread_.drop();
    }

    void begin(bool leased = true) {
        thread_.start(dispatcher_.run());
        if (leased) dispatcher_.lease_renewed(thread_.line.steady_now() + std::chrono::hours{10});
        thread_.settle();
    }
    // So many runs at the next claim.
    void offer(int count) {
        std::vector<claimed_run> claimed;
        for (; count > 0; --count) {
            claimed_run run;
            run.claim = {run_id(++last_run_), 1};
            run.execution = execution_;
            run.for_tenant.id = {make_uuid_v7(thread_.time.now(), {std::uint64_t(last_run_), 1})};
            claimed.push_back(std::move(run));
        }
        runs_.claim_answers.push_back(std::move(claimed));
    }

    simulation::virtual_thread thread_;
    memory::store memory_;
    simulation::store_weather weather_{.slowest = milliseconds{0}};
    simulation::simulated_services services_;
    simulation::simulated_network network_{services_, thread_.time};
    simulation::witness nobody_;
    simulation::simulated_store executions_store_{memory_, thread_.time, weather_, nobody_, "instance_1", 1};
    engine_test::fake_run_store runs_{thread_.time};
    execution_id execution_{make_uuid_v7(thread_.time.now(), {1, 2})};
    system::random random_{1};
    std::atomic<bool> draining_ = false;
    call_limits limits_{{.adaptive = false}, thread_.time, random_};
    active_executions executions_{executions_store_, thread_.time, limits_, services_.directory()};
    journal journal_{thread_.where(), runs_, thread_.time, [] { return 0; }, [](execution_id) {}};
    step_caller caller_{network_, thread_.time, limits_, 1'000};
    store_watch watch_{thread_.time};
    run_environment environment_{
        .where = thread_.where(),
        .time = thread_.time,
        .random = random_,
        .caller = caller_,
        .records = journal_,
        .watch = watch_,
        .draining = draining_,
        .on_released = [this](const run_claim& claim, bool is_told) { dispatcher_.run_released(claim, is_told); }};
    std::vector<std::string> closed_;
    dispatcher dispatcher_;
    int last_run_ = 0;
};

using asked = std::vector<int>;

TEST_F(dispatcher_test, claims_nothing_before_it_has_a_lease) {
    offer(1);
    begin(false);
    thread_.pass(seconds{300});
    EXPECT_TRUE(runs_.claims_asked.empty());
    dispatcher_.lease_renewed(thread_.line.steady_now() + seconds{25});
    thread_.pass(seconds{1});
    EXPECT_EQ(dispatcher_.active_runs(), 1);
}

TEST_F(dispatcher_test, claims_nothing_when_its_lease_is_over) {
    begin(false);
    dispatcher_.lease_renewed(thread_.line.steady_now() + seconds{25});
    thread_.pass(seconds{26});
    const auto before = runs_.claims_asked;
    dispatcher_.notify();
    thread_.pass(seconds{1});
    EXPECT_EQ(runs_.claims_asked, before);
}

TEST_F(dispatcher_test, claims_batches_while_there_is_room_for_one) {
    offer(4);
    offer(4);
    offer(4);
    begin();
    thread_.pass(milliseconds{900});
    EXPECT_EQ(runs_.claims_asked, (asked{4, 4}));
    EXPECT_EQ(dispatcher_.active_runs(), 8);
    thread_.pass(milliseconds{200});
    EXPECT_EQ(runs_.claims_asked, (asked{4, 4, 2})) << "less than a batch is claimed once a second";
    thread_.pass(seconds{60});
    EXPECT_EQ(dispatcher_.active_runs(), 0);
    EXPECT_EQ(last_run_, 12);
}

class dispatcher_of_wide_batches : public dispatcher_test {
  protected:
    dispatcher_of_wide_batches() : dispatcher_test{256} {}
};

TEST_F(dispatcher_of_wide_batches, claims_again_when_half_of_the_room_is_free) {
    int calls = 0;
    services_.script_steps([&calls](const http_request&, int) {
        return simulation::answered(200, "{}", ++calls <= 6 ? seconds{30} : seconds{200});
    });
    offer(10);
    begin();
    thread_.pass(seconds{1});
    EXPECT_EQ(runs_.claims_asked, (asked{10}));
    thread_.pass(seconds{31});
    EXPECT_EQ(runs_.claims_asked, (asked{10, 6}));
}

TEST_F(dispatcher_test, an_idle_instance_leaves_the_store_alone) {
    begin();
    thread_.pass(seconds{600});
    EXPECT_LE(runs_.claims_asked.size(), 12U);  // once a minute
}

TEST_F(dispatcher_test, looks_at_once_when_it_is_notified) {
    begin();
    offer(2);
    dispatcher_.notify();
    thread_.pass(milliseconds{1});
    EXPECT_EQ(dispatcher_.active_runs(), 2);
}

TEST_F(dispatcher_test, wakes_for_a_parked_run) {
    runs_.next_parked = thread_.time.now() + seconds{7};
    begin();
    thread_.pass(milliseconds{6'999});
    const auto before = runs_.claims_asked.size();
    offer(1);
    thread_.pass(milliseconds{1});
    EXPECT_GT(runs_.claims_asked.size(), before);
    EXPECT_EQ(dispatcher_.active_runs(), 1);
}

TEST_F(dispatcher_test, asks_once_a_second_about_a_parked_run_for_which_there_is_hardly_room) {
    offer(4);
    offer(4);
    runs_.next_parked = thread_.time.now();
    begin();
    thread_.pass(seconds{20});  // two places are free
    EXPECT_EQ(dispatcher_.active_runs(), 8);
    EXPECT_LE(runs_.parked_asked, 21);
}

TEST_F(dispatcher_test, does_not_spin_while_somebody_else_claims_what_is_due) {
    runs_.next_parked = thread_.time.now() - seconds{300};
    begin();
    thread_.pass(seconds{10});
    EXPECT_LE(runs_.claims_asked.size(), 10U * 20 + 5);
    EXPECT_GE(runs_.claims_asked.size(), 10U);
}

TEST_F(dispatcher_test, tells_the_store_which_services_are_closed) {
    closed_ = {"inventory", "production"};
    dispatcher_.shared_by(2);
    begin();
    EXPECT_EQ(runs_.counts_asked, 1);
    EXPECT_FALSE(runs_.claims_asked.empty());
    EXPECT_GT(runs_.parked_asked, 0);
    for (const auto& told : runs_.closed) EXPECT_EQ(told, closed_);
    closed_.clear();
    offer(1);
    dispatcher_.notify();
    thread_.pass(milliseconds{1});
    EXPECT_EQ(dispatcher_.active_runs(), 1);
}

// Room for more than its share.
class dispatcher_among_two : public dispatcher_test {
  protected:
    dispatcher_among_two() : dispatcher_test{256, 100} { dispatcher_.shared_by(2); }
};

TEST_F(dispatcher_among_two, claims_its_share_and_waits_for_more) {
    runs_.open_runs = 20;
    offer(10);
    begin();
    thread_.pass(seconds{20});
    EXPECT_EQ(runs_.claims_asked, (asked{10}));
    EXPECT_LE(runs_.counts_asked, 22) << "once a second";
    EXPECT_EQ(runs_.parked_asked, 0) << "it could not claim them";
    runs_.open_runs = 40;
    offer(10);
    dispatcher_.notify();
    thread_.pass(milliseconds{1});
    EXPECT_EQ(runs_.claims_asked, (asked{10, 10}));
}

TEST_F(dispatcher_among_two, counts_the_work_a_few_times_a_second_however_fast_runs_end) {
    services_.script_steps([](const http_request&, int) { return simulation::answered(200, "{}", milliseconds{5}); });
    runs_.open_runs = 20;
    for (int batch = 0; batch < 100; ++batch) offer(10);
    begin();
    thread_.pass(seconds{1});
    EXPECT_GT(runs_.batches.size(), 50U);
    EXPECT_LE(runs_.counts_asked, 6);
}

TEST_F(dispatcher_test, pauses_after_a_fault_of_the_store) {
    for (int i = 0; i < 3; ++i) runs_.claim_answers.push_back(fail(errc::store_unavailable, "away"));
    offer(1);
    runs_.next_parked = fail(errc::store_unavailable, "away");
    begin();
    thread_.pass(milliseconds{500});
    EXPECT_EQ(runs_.claims_asked.size(), 1U);
    thread_.pass(seconds{10});
    EXPECT_EQ(dispatcher_.active_runs(), 1);
}

// One row of the database is damaged.
TEST_F(dispatcher_test, an_execution_that_stays_damaged_holds_up_no_other) {
    weather_.fault_of = [this](execution_id id) -> std::optional<errc> {
        return id == execution_ ? std::nullopt : std::optional{errc::store_corrupt};
    };
    offer(2);
    runs_.claim_answers.back()->front().execution = execution_id{make_uuid_v7(thread_.time.now(), {7, 7})};
    begin();
    thread_.pass(seconds{5});
    EXPECT_EQ(limits_.in_flight(), 1);
    EXPECT_EQ(dispatcher_.active_runs(), 1) << "the other one is left for later";
}

TEST_F(dispatcher_test, a_run_that_cannot_be_started_keeps_no_place) {
    weather_.foreign_errors = 1;
    offer(3);
    begin();
    thread_.pass(seconds{1});
    EXPECT_EQ(dispatcher_.active_runs(), 0);
    weather_.foreign_errors = 0;
    EXPECT_TRUE(runs_.released.empty()) << "it may break off again";
    thread_.pass(seconds{30});
    dispatcher_.notify();
    thread_.pass(seconds{1});
    EXPECT_EQ(runs_.released.size(), 3U) << "they are claimed by this instance still";
    EXPECT_EQ(runs_.released_unknown, 0) << "nobody reads all that is open to find them";
    offer(3);
    dispatcher_.notify();
    thread_.pass(seconds{2});
    EXPECT_EQ(limits_.in_flight(), 3);
}

TEST_F(dispatcher_test, fills_the_first_room_there_is_within_a_second) {
    services_.script_steps([calls = 0](const http_request&, int) mutable {
        return simulation::answered(200, "{}", ++calls == 1 ? seconds{10} : seconds{300});
    });
    for (const int count : {4, 4, 2}) offer(count);
    begin();
    thread_.pass(seconds{9});
    EXPECT_EQ(dispatcher_.active_runs(), 10);
    offer(1);
    thread_.pass(seconds{2});
    EXPECT_EQ(dispatcher_.active_runs(), 10);
    EXPECT_EQ(runs_.claims_asked.back(), 1);
}

TEST_F(dispatcher_test, a_claimed_run_waits_for_a_store_that_cannot_be_read) {
    weather_.fault = errc::store_unavailable;
    offer(1);
    begin();
    thread_.pass(seconds{20});
    EXPECT_EQ(dispatcher_.active_runs(), 1);
    EXPECT_EQ(limits_.in_flight(), 0);
    weather_.fault.reset();
    thread_.pass(seconds{2});
    EXPECT_EQ(limits_.in_flight(), 1);
}

TEST_F(dispatcher_test, a_run_of_an_execution_that_cannot_be_run_is_given_back_for_longer_each_time) {
    std::vector<milliseconds> pauses;
    for (const int token : {1, 2, 3, 100}) {
        offer(1);
        auto& run = runs_.claim_answers.back()->front();
        run.execution = execution_id{make_uuid_v7(thread_.time.now(), {7, 7})};
        run.claim.token = token;
        run.waits = {{.step_index = 0, .attempts = 1, .retry_at = thread_.time.now(), .started_at = {}}};
        runs_.commit_answers.emplace_back([&](const std::vector<journal_entry>& entries) {
            for (const auto& entry : entries) {
                EXPECT_EQ(entry.outcome.value().release, run_release::parked);
                EXPECT_EQ(entry.outcome->waits.size(), 1U);
                pauses.push_back(entry.outcome->not_before - thread_.time.now());
            }
            return journal_receipt{};
        });
    }
    begin();
    thread_.pass(seconds{1});
    EXPECT_EQ(dispatcher_.active_runs(), 0);
    ASSERT_EQ(pauses.size(), 4U);
    for (const auto& [pause, longest] : {std::pair{pauses[0], seconds{30}}, std::pair{pauses[1], seconds{60}},
                                         std::pair{pauses[2], seconds{120}}, std::pair{pauses[3], seconds{300}}}) {
        EXPECT_GE(pause, longest / 2);
        EXPECT_LE(pause, longest);
    }
    EXPECT_EQ(executions_.unreadable().size(), 1U);
}

TEST_F(dispatcher_test, a_run_of_a_cancelled_execution_is_skipped_though_nobody_said_so) {
    offer(1);
    runs_.claim_answers.front()->front().cancel_requested = true;
    begin();
    thread_.pass(seconds{1});
    EXPECT_EQ(dispatcher_.active_runs(), 0);
    EXPECT_EQ(runs_.batches.size(), 1U);
    EXPECT_EQ(services_.calls(idempotency_key(execution_, {}, "bake")), 0);
}

TEST_F(dispatcher_test, ends_when_the_instance_drains) {
    begin();
    draining_ = true;
    dispatcher_.notify();
    thread_.settle();
    const auto before = runs_.claims_asked;
    dispatcher_.notify();
    thread_.pass(seconds{300});
    EXPECT_EQ(runs_.claims_asked, before);
}

}  // namespace
}  // namespace orchestrator
