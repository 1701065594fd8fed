// What only the store on PostgreSQL does: partitions by day, migrations of several instances at once, text that
// PostgreSQL does not keep, and a server that is not there.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "adapters/postgresql/history_rows.h"
#include "adapters/postgresql/migrations.h"
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
    expect(store->complete_planning(made.id, "", now()));
    expect(store->renew_lease("host_1", now() + std::chrono::hours{1}));
    const auto run = expect(store->claim_runs("host_1", 1, now())).at(0);
    const std::vector entries{
        entry_for(run, {make_record(run.claim.run, 0, step_status::completed)}, ended(run_status::completed))};
    expect(store->commit(entries, now()));
    expect(store->finish_if_done(made.id, now()));

    postgresql::connection database{{.url = schema.url()}};
    const auto partitions = [&] { return database.query("history", "partitions").size(); };
    EXPECT_EQ(partitions(), 2 * (1 + 9)) << "the default one, yesterday, today, and seven days ahead, of two tables";
    EXPECT_THROW(database.execute("DO $$ BEGIN IF (SELECT count(*) FROM orchestrator_step_results_other) = 0 THEN "
                                  "RAISE EXCEPTION 'empty'; END IF; END $$"),
                 postgresql::database_error)
        << "the result is not in the default partition";

    EXPECT_EQ(expect(store->keep_history(now(), now() - std::chrono::days{2}, 10)), 0);
    EXPECT_EQ(partitions(), 20);
    // Ten days later.
    const auto later = now() + std::chrono::days{10};
    EXPECT_EQ(expect(store->keep_history(later, later - std::chrono::days{5}, 10)), 1);
    EXPECT_EQ(partitions(), 2 * (1 + 9 + 9 - 6)) << "of the first nine days those before the fifth last are gone";
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
    EXPECT_EQ(expect(store->keep_history(later, later - std::chrono::days{1}, 10)), 0);
    EXPECT_EQ(database.query("history", "partitions").size(), 2 * (1 + 8 + 9)) << "only yesterday's has gone";
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
