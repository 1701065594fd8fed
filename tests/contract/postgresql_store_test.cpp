// What only the store on PostgreSQL does: partitions by day, migrations of several instances at once, text that
// PostgreSQL does not keep, and a server that is not there.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "adapters/postgresql/history_rows.h"
#include "adapters/postgresql/migrations.h"
#include "adapters/postgresql/open_claims.h"
#include "adapters/postgresql/server_state.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using testing::HasSubstr;

system_time now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

TEST(postgresql_history, an_execution_lies_in_the_partition_of_its_day_and_goes_with_it) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    auto made = make_execution(1);
    made.id = {make_uuid_v7(now(), {1, 2})};
    made.created_at = now();
    expect(store->open_execution(made));
    expect(store->insert_runs(made.id, {make_run(1)}, now()));
    expect(store->complete_planning(made.id, planned_to_end, now()));
    expect(store->renew_lease("host_1", std::chrono::hours{1}, now()));
    const auto run = expect(store->claim_runs("host_1", 1, now(), {})).at(0);
    const std::vector entries{
        entry_for(run, {make_record(run.claim.run, 0, step_status::completed)}, ended(run_status::completed))};
    expect(store->commit(entries, now()));
    expect(store->finish_if_done(made.id, now()));

    postgresql::connection database{{.url = schema.url()}};
    const auto partitions = [&] { return database.query("history", "partitions").size(); };
    EXPECT_EQ(partitions(), 3 * (1 + 9)) << "the default one, yesterday, today, and seven days ahead, of three tables";
    EXPECT_THROW(database.execute("DO $$ BEGIN IF (SELECT count(*) FROM orchestrator_step_results_other) = 0 THEN "
                                  "RAISE EXCEPTION 'empty'; END IF; END $$"),
                 postgresql::database_error)
        << "the result is not in the default partition";

    EXPECT_EQ(keep_all(*store, now(), now() - std::chrono::days{2}), 0);
    EXPECT_EQ(partitions(), 30);
    // Ten days later.
    const auto later = now() + std::chrono::days{10};
    EXPECT_EQ(keep_all(*store, later, later - std::chrono::days{5}), 1);
    EXPECT_EQ(partitions(), 3 * (1 + 9 + 9 - 6) + 1) << "of the first nine days those before the fifth last are gone; "
                                                        "the archive begins where there is something to move";
    EXPECT_EQ(fault(store->find_execution(made.id)), errc::not_found);
}

TEST(postgresql_history, a_partition_with_an_execution_that_goes_on_is_kept) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    auto made = make_execution(1);
    made.id = {make_uuid_v7(now(), {1, 2})};
    expect(store->open_execution(made));
    postgresql::connection database{{.url = schema.url()}};
    const auto later = now() + std::chrono::days{30};
    EXPECT_EQ(keep_all(*store, later, later - std::chrono::days{1}), 0);
    EXPECT_EQ(database.query("history", "partitions").size(), 3 * (1 + 8 + 9)) << "only yesterday's has gone";
}

// With an open execution, and an instance that may claim its runs.
struct leased_store {
    leased_store() {
        expect(store->insert_workflow(make_workflow(1, "workflow_1")));
        expect(store->open_execution(make_execution(1)));
        expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    }

    scratch_schema schema;
    std::unique_ptr<postgresql::store> store = open_postgresql(schema.url());
};

TEST(postgresql_history, a_large_execution_is_forgotten_bit_by_bit) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    expect(store->open_execution(make_execution(1)));
    postgresql::connection database{{.url = schema.url()}};
    database.execute(
        "INSERT INTO orchestrator_tenant_runs (execution_id, tenant_id, tenant_name, subscription_tier, timezone, "
        "fair_rank, turn, steps_total) SELECT id, gen_random_uuid(), 'Bakery', 'starter', 'UTC', 0, 0, 2 "
        "FROM orchestrator_executions, generate_series(1, 25000); "
        "UPDATE orchestrator_executions SET status = 'cancelled'");
    EXPECT_EQ(keep_all(*store, start, after(1)), 1);
    EXPECT_TRUE(database.query("tenant_runs", "lowest_rank").front().is_null(0)) << "no run is left";
    EXPECT_EQ(fault(store->find_execution(execution_no(1))), errc::not_found);
}

// Planned while the tables are empty, as in every new installation, and used for years.
TEST(postgresql_history, what_is_open_is_found_without_a_look_at_what_has_ended) {
    const leased_store at;
    const auto& [schema, store] = at;
    postgresql::connection database{{.url = schema.url(), .plans_by_index = true}};
    const auto look = [&] {
        postgresql::transaction work{database};
        const postgresql::array_of<workflow_id> workflows{std::array{workflow_no(1)}};
        const postgresql::array_of<execution_id> nobody{std::vector<execution_id>{}};
        database.query("schedules", "running", workflows);
        database.query("executions", "claim_planning", "host_1", nobody, 10);
        database.query("executions", "open");
        const auto open = database.query("tenant_runs", "executions_under_way").size();
        database.execute(
            "DO $$ BEGIN IF (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index "
            "WHERE indrelid = 'orchestrator_executions'::regclass) > 100 THEN RAISE EXCEPTION 'many'; END IF; END $$");
        return open;
    };
    EXPECT_EQ(look(), 1U);
    postgresql::connection filling{{.url = schema.url()}};
    filling.execute(
        "INSERT INTO orchestrator_executions (id, workflow_id, workflow_name, definition_id, execution_type, status, "
        "planning_complete, created_at, deadline_at, tenant_filter, executed_by_instance) "
        "SELECT gen_random_uuid(), workflow_id, workflow_name, definition_id, execution_type, 'completed', TRUE, "
        "created_at, deadline_at, tenant_filter, executed_by_instance FROM orchestrator_executions, "
        "generate_series(1, 5000)");
    EXPECT_EQ(look(), 1U);
}

// An execution of many tenants, and another of two.
class large_execution {
  public:
    explicit large_execution(int tenants) {
        expect(store->insert_workflow(make_workflow(1, "workflow_1")));
        for (const int number : {1, 2}) {
            expect(store->open_execution(make_execution(number)));
            std::vector<planned_run> runs;
            for (int tenant = 0; tenant < (number == 1 ? tenants : 2); ++tenant)
                runs.push_back(make_run(tenant, tenant));
            expect(store->insert_runs(execution_no(number), std::move(runs), start));
        }
        expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    }
    [[nodiscard]] execution found(int number) const { return expect(store->find_execution(execution_no(number))); }

    const scratch_schema schema;
    const std::unique_ptr<postgresql::store> store = open_postgresql(schema.url());
};

TEST(postgresql_cancellation, ends_what_waits_of_a_large_execution_and_of_no_other) {
    constexpr int many = 36'000;  // in several bits
    const large_execution at{many};
    postgresql::connection database{{.url = at.schema.url()}};
    database.execute("UPDATE orchestrator_tenant_runs SET not_before = now() + INTERVAL '1 year', turn = NULL");
    cancel_in(*at.store, 1, start);
    EXPECT_EQ(at.found(1).tenants.cancelled, many);
    EXPECT_EQ(at.found(1).steps.skipped, at.found(1).steps.total);
    EXPECT_EQ(at.found(2).tenants.ended(), 0);
    EXPECT_TRUE(expect(at.store->next_parked_run({}))) << "the other execution's are parked on";
}

TEST(postgresql_cancellation, leaves_to_a_claim_what_is_claimed_meanwhile) {
    constexpr int many = 20'000;
    const large_execution at{many};
    std::atomic<int> claimed = 0;
    std::jthread claimer{[&](std::stop_token stop) {
        while (!stop.stop_requested()) claimed += int(expect(at.store->claim_runs("host_1", 200, start, {})).size());
    }};
    while (claimed == 0) std::this_thread::yield();
    cancel_in(*at.store, 1, start);
    cancel_in(*at.store, 1, start);  // what one of them passed over as it was being claimed
    claimer.request_stop();
    claimer.join();
    EXPECT_EQ(claimed + at.found(1).tenants.cancelled, many + 2) << "each is claimed or ended, and none both";
}

TEST(postgresql_lanes, a_claim_reads_nothing_of_what_waits_for_a_closed_service) {
    const leased_store at;
    const auto& [schema, store] = at;
    postgresql::connection database{{.url = schema.url(), .plans_by_index = true}};
    const postgresql::array_of<std::string_view> closed{std::array{std::string_view{"hanging"}}};
    const auto claim = [&] {
        postgresql::transaction work{database};
        const auto claimed = database.query("tenant_runs", "claim", "host_1", 100, start, closed).size();
        database.execute(
            "DO $$ BEGIN IF (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index "
            "WHERE indrelid = 'orchestrator_tenant_runs'::regclass) > 1000 THEN RAISE EXCEPTION 'many'; END IF; END "
            "$$");
        work.commit();
        return claimed;
    };
    EXPECT_EQ(claim(), 0U) << "planned while the table is empty";
    postgresql::connection filling{{.url = schema.url()}};  // what it reads does not count
    filling.execute(
        "INSERT INTO orchestrator_tenant_runs (execution_id, tenant_id, tenant_name, subscription_tier, timezone, "
        "fair_rank, turn, steps_total, next_service) SELECT id, gen_random_uuid(), 'Bakery', 'starter', 'UTC', i, i, "
        "2, "
        "CASE WHEN i <= 20000 THEN 'hanging' ELSE (ARRAY['a', 'z'])[i % 2 + 1] END "
        "FROM orchestrator_executions, generate_series(1, 21000) i");
    EXPECT_EQ(claim(), 100U);
    filling.execute(
        "UPDATE orchestrator_tenant_runs SET turn = NULL, not_before = to_timestamp(1) WHERE turn IS NOT NULL");
    filling.execute("VACUUM orchestrator_tenant_runs");  // else its old index entries are read once more
    EXPECT_EQ(claim(), 100U);
}

TEST(postgresql_lanes, instances_that_claim_at_once_share_every_open_lane) {
    const scratch_schema schema;
    const std::array stores{open_postgresql(schema.url()), open_postgresql(schema.url())};
    expect(stores[0]->insert_workflow(make_workflow(1, "workflow_1")));
    expect(stores[0]->open_execution(make_execution(1)));
    constexpr int many = 3'000;
    const std::array<std::string, 4> services{"a", "b", "c", "closed"};
    std::vector<planned_run> runs;
    for (int i = 0; i < many; ++i) runs.push_back(make_run(i, i, services.at(std::size_t(i) % services.size())));
    expect(stores[0]->insert_runs(execution_no(1), std::move(runs), start));
    std::array<std::set<run_id>, 2> claimed;
    std::barrier together{2};
    const auto claim = [&](std::size_t number) {
        const auto who = "host_" + std::to_string(number);
        expect(stores.at(number)->renew_lease(who, std::chrono::seconds{1'000'000}, start));
        together.arrive_and_wait();
        for (;;) {
            const auto some = expect(stores.at(number)->claim_runs(who, 50, start, {"closed"}));
            if (some.empty()) return;
            for (const auto& run : some) claimed.at(number).insert(run.claim.run);
        }
    };
    {
        std::jthread other{[&] { claim(1); }};
        claim(0);
    }
    EXPECT_EQ(claimed[0].size() + claimed[1].size(), std::size_t{many} * 3 / 4);
    std::set<run_id> all{claimed[0]};
    all.insert(claimed[1].begin(), claimed[1].end());
    EXPECT_EQ(all.size(), std::size_t{many} * 3 / 4) << "each is claimed once";
}

TEST(postgresql_lanes, a_claim_takes_from_other_lanes_what_another_instance_holds_of_the_first) {
    const leased_store at;
    const auto& [schema, store] = at;
    std::vector<planned_run> runs;
    for (int i = 0; i < 200; ++i) runs.push_back(make_run(i, i, i < 100 ? "a" : i % 2 == 0 ? "b" : "c"));
    expect(store->insert_runs(execution_no(1), std::move(runs), start));
    postgresql::connection other{{.url = schema.url()}};
    const postgresql::transaction being_claimed{other};
    other.execute("SELECT FROM orchestrator_tenant_runs WHERE turn < 90 FOR UPDATE");
    EXPECT_EQ(expect(store->claim_runs("host_1", 50, start, {})).size(), 50U);
    EXPECT_EQ(expect(store->claim_runs("host_1", 50, start, {"b"})).size(), 50U);
    EXPECT_EQ(expect(store->claim_runs("host_1", 50, start, {})).size(), 10U);
}

TEST(postgresql_lanes, the_end_of_a_run_touches_no_index) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    postgresql::connection database{{.url = schema.url()}};
    EXPECT_NO_THROW(database.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_indexes WHERE schemaname = current_schema() "
        "AND tablename = 'orchestrator_tenant_runs' AND indexdef ~ '\\y(status|completed_at|waits)\\y') "
        "THEN RAISE EXCEPTION 'its update would not be a HOT one'; END IF; END $$"));
}

// History, planning and reads wait: none of them may cost the instance its lease.
TEST(postgresql_leases, a_heartbeat_does_not_wait_for_tables_that_somebody_holds) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    postgresql::connection somebody{{.url = schema.url()}};
    const postgresql::transaction until_the_end{somebody};
    somebody.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
    somebody.execute("LOCK TABLE orchestrator_step_results, orchestrator_execution_logs, orchestrator_executions");
    std::jthread historian{[&] { ask(store->keep_history(now() + std::chrono::days{30}, now())); }};
    std::jthread planner{[&] { ask(store->insert_runs(execution_no(1), {make_run(1)}, start)); }};
    std::jthread reader{[&] { ask(store->open_executions()); }};
    std::this_thread::sleep_for(milliseconds{50});
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(expect(store->renew_lease("host_1", std::chrono::seconds{100}, start)));
    EXPECT_TRUE(expect(store->renew_lease("host_1", std::chrono::seconds{200}, start)));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5}) << "less than a lock is waited for";
    somebody.execute("ROLLBACK");
}

// Does anybody hold rows of it?
bool is_held(postgresql::connection& database, const std::string& table) {
    try {
        database.execute(fmt::format("BEGIN; LOCK TABLE {} IN EXCLUSIVE MODE NOWAIT; ROLLBACK", table));
        return false;
    } catch (const postgresql::database_error&) {
        database.execute("ROLLBACK");
        return true;
    }
}

// A process that is stopped keeps its connections: nobody but the server sees that it says nothing any more.
TEST(postgresql_leases, a_leader_that_freezes_in_the_middle_of_a_decision_does_not_hold_up_the_next_one) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    leader_claim claim{
        .instance_id = "host_1", .hostname = "host", .ttl = milliseconds{1}, .heartbeat = milliseconds{1}};
    expect(store->claim_lead(claim, now()));
    postgresql::connection frozen{{.url = schema.url()}};
    const postgresql::transaction decision{frozen};
    frozen.query("leader", "hold_epoch");
    const auto began = std::chrono::steady_clock::now();
    claim.instance_id = "host_2";
    EXPECT_EQ(expect(store->claim_lead(claim, now())).epoch, 2);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{8});
    try {
        frozen.query("leader", "find");
        ADD_FAILURE() << "what it decided is not kept";
    } catch (const postgresql::database_error& fault) {
        EXPECT_EQ(fault.code(), errc::store_unavailable);
    }
    EXPECT_FALSE(frozen.is_connected());
}

TEST(postgresql_leases, the_runs_of_an_instance_that_freezes_while_it_sends_a_batch_are_taken_up) {
    const scratch_schema schema;
    const auto store = postgresql::store::open({.url = schema.url(), .answer_timeout = milliseconds{2'000}}).value();
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    expect(store->open_execution(make_execution(1)));
    expect(store->insert_runs(execution_no(1), {make_run(1)}, start));
    expect(store->renew_lease("host_1", milliseconds{1}, start));
    EXPECT_EQ(expect(store->claim_runs("host_1", 1, start, {})).size(), 1U);
    // The first statement of a batch, and nothing behind it.
    const std::unique_ptr<PGconn, void (*)(PGconn*)> frozen{PQconnectdb(schema.url().c_str()), PQfinish};
    ASSERT_TRUE(PQenterPipelineMode(frozen.get()));
    ASSERT_TRUE(PQsendQueryParams(frozen.get(), "SELECT FROM orchestrator_instances FOR KEY SHARE", 0, nullptr, nullptr,
                                  nullptr, nullptr, 0));
    ASSERT_EQ(PQflush(frozen.get()), 0);
    postgresql::connection database{{.url = schema.url()}};
    while (!is_held(database, "orchestrator_instances")) std::this_thread::sleep_for(milliseconds{10});
    EXPECT_EQ(expect(store->release_lost_runs(after(101), "host_2")), 0) << "it may go on any moment";
    std::this_thread::sleep_for(std::chrono::seconds{2});
    int released = 0;
    for (int tries = 0; tries < 50 && released == 0; ++tries) {
        released = expect(store->release_lost_runs(after(101), "host_2"));
        std::this_thread::sleep_for(milliseconds{100});
    }
    EXPECT_EQ(released, 1);
}

class postgresql_instances : public testing::Test {
  protected:
    postgresql_instances() {
        expect(first_->insert_workflow(make_workflow(1, "workflow_1")));
        for (const int number : {1, 2}) expect(first_->open_execution(make_execution(number)));
    }
    // What each of them does at the same moment.
    void both(const std::function<void(postgresql::store&, int)>& work) {
        std::barrier together{2};
        const auto go = [&](postgresql::store& store, int number) {
            together.arrive_and_wait();
            work(store, number);
        };
        const std::jthread one{[&] { go(*first_, 1); }};
        const std::jthread other{[&] { go(*second_, 2); }};
    }

    const scratch_schema schema_;
    const std::unique_ptr<postgresql::store> first_ = open_postgresql(schema_.url());
    const std::unique_ptr<postgresql::store> second_ = open_postgresql(schema_.url());
};

TEST_F(postgresql_instances, of_one_name_are_told_apart) {
    EXPECT_FALSE(expect(first_->renew_lease("twin", std::chrono::seconds{100}, start)));
    EXPECT_EQ(fault(second_->renew_lease("twin", std::chrono::seconds{100}, start)), errc::superseded)
        << "it has not taken the name";
    expect(second_->release_instance("twin"));  // as each does when it starts
    EXPECT_FALSE(expect(second_->renew_lease("twin", std::chrono::seconds{100}, start)));
    EXPECT_EQ(fault(first_->renew_lease("twin", std::chrono::seconds{200}, start)), errc::superseded);
    EXPECT_TRUE(expect(second_->renew_lease("twin", std::chrono::seconds{200}, start)));
    expect(second_->release_instance("twin"));
    EXPECT_FALSE(expect(first_->renew_lease("twin", std::chrono::seconds{300}, start))) << "the name is free again";
}

TEST_F(postgresql_instances, that_plan_the_same_execution_at_once_plan_each_tenant_once) {
    std::vector<planned_run> runs;
    for (int tenant = 0; tenant < 500; ++tenant) runs.push_back(make_run(tenant));
    std::atomic<int> planned = 0;
    for (int page = 0; page < 10; ++page) {
        both(
            [&](postgresql::store& store, int) { planned += expect(store.insert_runs(execution_no(1), runs, start)); });
        for (auto& run : runs) run.for_tenant.id = tenant_no(1'000 * (page + 1) + int(&run - runs.data()));
    }
    EXPECT_EQ(planned, 5'000);
    const auto found = expect(first_->find_execution(execution_no(1)));
    EXPECT_EQ(found.tenants.total, 5'000);
    EXPECT_EQ(found.steps.total, 10'000);
}

// Who parks a run holds its execution first, and counts in all executions of its batch afterwards.
TEST_F(postgresql_instances, that_park_runs_and_count_in_each_others_executions_do_not_wait_in_a_circle) {
    for (const int execution : {1, 2})
        expect(first_->insert_runs(execution_no(execution), {make_run(1, 1), make_run(2, 2)}, start));
    const auto claim = [&](int number, int limit, system_time at) {
        return expect((number == 1 ? *first_ : *second_).claim_runs("host_" + std::to_string(number), limit, at, {}));
    };
    std::map<int, std::vector<claimed_run>> held;  // by instance: a run of each execution
    for (const int number : {1, 2}) {
        expect(first_->renew_lease("host_" + std::to_string(number), std::chrono::seconds{1'000'000}, start));
        held[number] = claim(number, 2, start);
    }
    for (int round = 1; round <= 50; ++round) {
        both([&](postgresql::store& store, int number) {
            auto& runs = held.at(number);
            const auto parks = std::size_t(number - 1);
            std::vector batch{entry_for(runs[parks], {}, parked(after(round * 10 + number))),
                              entry_for(runs[1 - parks], {})};
            batch.back().logs.push_back(make_log("goes on"));
            EXPECT_TRUE(expect(store.commit(batch, after(round))).refused.empty());
        });
        for (const int number : {1, 2})
            held.at(number)[std::size_t(number - 1)] = claim(number, 1, after(round * 10 + number)).at(0);
    }
    EXPECT_EQ(expect(first_->list_logs(execution_no(1), {})).size(), 50U);
    EXPECT_EQ(expect(first_->list_logs(execution_no(2), {})).size(), 50U);
}

// While it lives every commit waits, on the disk already, for a standby that there is not.
class unanswered_commits {
  public:
    unanswered_commits() { standby("nobody"); }
    ~unanswered_commits() { standby(""); }
    unanswered_commits(const unanswered_commits&) = delete;
    unanswered_commits& operator=(const unanswered_commits&) = delete;

  private:
    static void standby(const std::string& name) {
        postgresql::connection database{{.url = database_url()}};
        database.execute("ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
        database.execute("SELECT pg_reload_conf()");
        std::this_thread::sleep_for(milliseconds{200});  // until the server has read it, which it does in its own time
    }
};

TEST(postgresql_journal, a_batch_that_is_on_the_disk_but_was_not_answered_is_not_written_again) {
    const scratch_schema schema;
    auto store = postgresql::store::open({.url = schema.url(), .answer_timeout = milliseconds{500}}).value();
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    expect(store->open_execution(make_execution(1)));
    expect(store->insert_runs(execution_no(1), {make_run(1)}, start));
    expect(store->complete_planning(execution_no(1), planned_to_end, start));
    expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    const auto run = expect(store->claim_runs("host_1", 1, start, {})).at(0);
    auto entry = entry_for(run, {make_record(run.claim.run, 0, step_status::completed)});
    entry.logs.push_back(make_log("done"));
    const std::vector first{entry};
    {
        const unanswered_commits meanwhile;
        EXPECT_EQ(fault(store->commit(first, start)), errc::store_unavailable);
    }
    EXPECT_TRUE(expect(store->commit(first, start)).refused.empty());
    const std::vector last{
        entry_for(run, {make_record(run.claim.run, 1, step_status::completed)}, ended(run_status::completed))};
    EXPECT_EQ(expect(store->commit(last, start)).drained, std::vector{execution_no(1)});
    EXPECT_EQ(expect(store->find_execution(execution_no(1))).steps.completed, 2);
    EXPECT_EQ(expect(store->list_logs(execution_no(1), {})).size(), 1U);
}

TEST(postgresql_journal, a_careful_batch_that_was_not_answered_is_not_written_again_either) {
    const scratch_schema schema;
    auto store = postgresql::store::open({.url = schema.url(), .answer_timeout = milliseconds{500}}).value();
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    expect(store->open_execution(make_execution(1)));
    expect(store->insert_runs(execution_no(1), {make_run(1), make_run(2, 200)}, start));
    expect(store->complete_planning(execution_no(1), planned_to_end, start));
    expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    const auto known = expect(store->claim_runs("host_1", 1, start, {})).at(0);
    const auto unknown = expect(open_postgresql(schema.url())->claim_runs("host_1", 1, start, {})).at(0);
    const std::vector batch{entry_for(known, {}, ended(run_status::completed)), entry_for(unknown, {}, returned())};
    {
        const unanswered_commits meanwhile;
        EXPECT_EQ(fault(store->commit(batch, start)), errc::store_unavailable);
    }
    EXPECT_TRUE(expect(store->commit(batch, start)).refused.empty());
    const auto found = expect(store->find_execution(execution_no(1)));
    EXPECT_EQ(found.tenants.completed, 1);
    EXPECT_EQ(expect(store->claim_runs("host_1", 9, start, {})).size(), 1U) << "what was returned";
}

TEST(postgresql_open_claims, know_what_holds_until_it_ends_or_its_lease_does) {
    const auto entry = [](int run, std::int64_t token, std::optional<run_outcome> outcome = {}) {
        return std::vector<journal_entry>{{.claim = {run_id{run}, token},
                                           .execution = execution_no(1),
                                           .steps = {},
                                           .logs = {},
                                           .outcome = std::move(outcome)}};
    };
    postgresql::open_claims claims;
    claims.add({run_id{1}, 3}, 7);
    claims.add({run_id{2}, 1}, 7);
    EXPECT_EQ(claims.leases_of(entry(1, 3)), (std::set<std::int64_t>{7}));
    EXPECT_EQ(claims.leases_of(entry(1, 2)), std::nullopt) << "an older claim of the same run";
    EXPECT_EQ(claims.leases_of(entry(9, 1)), std::nullopt);
    claims.close(entry(1, 3));
    EXPECT_TRUE(claims.leases_of(entry(1, 3))) << "it goes on";
    claims.close(entry(1, 3, ended(run_status::completed)));
    EXPECT_EQ(claims.leases_of(entry(1, 3)), std::nullopt);
    claims.add({run_id{3}, 1}, 8);
    EXPECT_EQ(claims.leases_of(entry(2, 1)), std::nullopt) << "claimed under a lease that is over";
    EXPECT_EQ(claims.leases_of(entry(3, 1)), (std::set<std::int64_t>{8}));
}

TEST(postgresql_migrations, of_several_instances_at_once_one_migrates) {
    const scratch_schema schema;
    std::atomic<int> applied = 0;
    std::vector<std::thread> instances;
    for (int i = 0; i < 4; ++i)
        instances.emplace_back([&] {
            postgresql::connection database{{.url = schema.url()}};
            EXPECT_TRUE(postgresql::migrate(database, [&](std::string_view) { ++applied; }));
            EXPECT_EQ(postgresql::schema_version(database), postgresql::newest_schema_version());
        });
    for (auto& each : instances) each.join();
    EXPECT_EQ(applied, postgresql::newest_schema_version());
}

// A pooler in transaction mode lends the session that one connection has just used to the next.
TEST(postgresql_server, a_session_that_two_connections_share_is_noticed) {
    const scratch_schema schema;
    postgresql::connection one{{.url = schema.url()}};
    postgresql::connection other{{.url = schema.url()}};
    EXPECT_FALSE(postgresql::share_a_session(one, other));
    EXPECT_TRUE(postgresql::share_a_session(one, one));
}

// Tables with their columns, constraints and indexes, without the partitions of the days. $1: the schema.
constexpr auto schema_query = R"(
    WITH kept AS (SELECT oid, relname FROM pg_class WHERE relnamespace = 'SCHEMA'::regnamespace
                  AND relkind IN ('r', 'p') AND NOT relispartition)
    SELECT line FROM (
        SELECT relname, 1 AS kind, attnum::int AS number, format('%s.%s %s%s%s%s', relname, attname,
               format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
               coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), ''),
               CASE attidentity WHEN 'a' THEN ' IDENTITY' ELSE '' END) AS line
        FROM kept JOIN pg_attribute ON attrelid = kept.oid AND attnum > 0 AND NOT attisdropped
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        UNION ALL
        SELECT relname, 2, 0, format('%s: %s', relname, pg_get_constraintdef(c.oid))
        FROM kept JOIN pg_constraint c ON conrelid = kept.oid
        UNION ALL
        SELECT relname, 3, 0, replace(pg_get_indexdef(indexrelid), 'SCHEMA.', '') FROM kept JOIN pg_index ON indrelid = kept.oid
    ) AS lines ORDER BY relname COLLATE "C", kind, number, line COLLATE "C")";

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> from{popen(command.c_str(), "r"), pclose};
    std::string text;
    std::array<char, 4096> piece{};
    while (const auto count = fread(piece.data(), 1, piece.size(), from.get())) text.append(piece.data(), count);
    return text;
}

TEST(postgresql_migrations, give_the_schema_that_is_checked_in) {
    const scratch_schema schema;
    open_postgresql(schema.url());
    const auto url = schema.url();
    const auto& name = schema.name();
    const auto query =
        (std::filesystem::temp_directory_path() / fmt::format("schema_query_{}.sql", ::getpid())).string();
    std::string sql = schema_query;
    for (auto at = sql.find("SCHEMA"); at != sql.npos; at = sql.find("SCHEMA", at)) sql.replace(at, 6, name);
    write_file(query, sql);
    const auto made = "-- What the migrations make. Compared by postgresql_store_test.cpp.\n" +
                      output_of(fmt::format("psql -XqtA -f '{}' '{}'", query, url));
    std::filesystem::remove(query);
    expect_checked_in("postgresql_schema.txt", made);
}

TEST(postgresql_migrations, a_newer_schema_is_refused) {
    const scratch_schema schema;
    open_postgresql(schema.url());
    postgresql::connection database{{.url = schema.url()}};
    database.execute("INSERT INTO orchestrator_schema_migrations (version, name) VALUES (999, 'of tomorrow')");
    const auto opened = postgresql::store::open({.url = schema.url()});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::schema_newer);
    EXPECT_THAT(opened.error().message, HasSubstr("999"));
}

TEST(postgresql_store, replaces_what_is_no_text_and_keeps_the_rest) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    auto odd = make_workflow(1, "odd");
    odd.description = std::string{"a\0b", 3} + "\xff\xc0\x80 ñ \xf0\x9f\xa5\x96 \xed\xa0\x80";
    expect(store->insert_workflow(odd));
    EXPECT_EQ(expect(store->find_workflow(odd.id)).description,
              "a\uFFFDb\uFFFD\uFFFD\uFFFD ñ \U0001F956 \uFFFD\uFFFD\uFFFD");
}

TEST(postgresql_store, a_server_that_is_not_there_is_a_fault_that_passes) {
    const auto opened = postgresql::store::open({.url = "postgresql://nobody@127.0.0.1:1/none"});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::store_unavailable);
    EXPECT_THAT(opened.error().message, HasSubstr("127.0.0.1"));
}

TEST(postgresql_store, a_connection_that_is_cut_is_made_again) {
    const scratch_schema schema;
    const auto store = open_postgresql(schema.url());
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    postgresql::connection database{{.url = schema.url()}};
    const auto cut = [&] {
        database.execute(
            "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND application_name = 'orchestrator' AND query NOT LIKE '%SCHEMA%'; END "
            "$$");
    };
    for (int i = 0; i < 3; ++i) {
        cut();
        // The first call notices, the next one works.
        const auto first = ask(store->find_workflow(workflow_no(1)));
        if (!first) EXPECT_EQ(first.error().code, errc::store_unavailable);
        EXPECT_TRUE(ask(store->find_workflow(workflow_no(1))));
    }
}

}  // namespace
}  // namespace orchestrator::store_test
