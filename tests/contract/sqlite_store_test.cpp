// What the SQLite store promises beyond the ports: migrations, one instance for a file, damaged and foreign files,
// and that what was committed survives the death of the process. A full disk: sqlite_store_faults_test.cpp.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/embedded_files.h"
#include "adapters/sqlite/migrations.h"
#include "tests/contract/child_process.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

error refusal(const std::string& path) {
    const auto opened = sqlite::store::open({.path = path});
    if (opened) throw std::runtime_error{"the file was opened"};
    return opened.error();
}

using sqlite::connection;
using testing::HasSubstr;

constexpr auto read_write = connection::mode::read_write;

// An execution with one run, claimed by `host_1`, whose first step is recorded.
claimed_run claim_one(sqlite::store& store) {
    expect(store.insert_workflow(make_workflow(1, "workflow_1")));
    expect(store.open_execution(make_execution(1)));
    expect(store.insert_runs(execution_no(1), {make_run(1)}, start));
    expect(store.complete_planning(execution_no(1), planned_to_end, start));
    expect(store.renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    auto run = expect(store.claim_runs("host_1", 1, start, {})).at(0);
    auto entry = entry_for(run, {make_record(run.claim.run, 0, step_status::completed)});
    entry.logs = {make_log("done")};
    expect(store.commit({entry}, after(1)));
    return run;
}

TEST(sqlite_migrations, are_applied_once_and_told_of) {
    const scratch_folder folder;
    connection database{folder.file(), read_write};
    EXPECT_EQ(sqlite::schema_version(database), 0);
    std::vector<std::string> applied;
    const auto note = [&](std::string_view name) { applied.emplace_back(name); };
    ASSERT_TRUE(sqlite::migrate(database, note));
    EXPECT_EQ(sqlite::schema_version(database), sqlite::newest_schema_version());
    EXPECT_EQ(applied.size(), std::size_t(sqlite::newest_schema_version()));
    EXPECT_EQ(applied.front(), "0001_initial.sql");
    applied.clear();
    ASSERT_TRUE(sqlite::migrate(database, note));
    EXPECT_TRUE(applied.empty());
}

TEST(sqlite_migrations, of_several_threads_are_applied_by_one) {
    for (int round = 0; round < 5; ++round) {
        const scratch_folder folder;
        std::atomic<int> applied = 0, failed = 0;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 3; ++i)
                threads.emplace_back([&] {
                    connection database{folder.file(), read_write};
                    if (!sqlite::migrate(database, [&](std::string_view) { ++applied; })) ++failed;
                });
        }
        EXPECT_EQ(failed, 0);
        EXPECT_EQ(applied, sqlite::newest_schema_version());
    }
}

TEST(sqlite_migrations, of_several_processes_are_applied_by_one) {
    for (int round = 0; round < 5; ++round) {
        const scratch_folder folder;
        const auto migrate = [&](const std::string& note) {
            connection database{folder.file(), read_write};
            const auto done =
                sqlite::migrate(database, [&](std::string_view) { std::ofstream{note, std::ios::app} << '.'; });
            require(done.has_value(), done ? "" : done.error().message);
        };
        child_process one{[&] { migrate(folder.file("one")); }};
        child_process other{[&] { migrate(folder.file("other")); }};
        EXPECT_EQ(one.problem(), "");
        EXPECT_EQ(other.problem(), "");
        const auto applied = content_of(folder.file("one")) + content_of(folder.file("other"));
        EXPECT_EQ(applied.size(), std::size_t(sqlite::newest_schema_version()));
    }
}

TEST(sqlite_migrations, give_the_schema_that_is_checked_in) {
    const scratch_folder folder;
    connection database{folder.file(), read_write};
    ASSERT_TRUE(sqlite::migrate(database));
    std::string schema = fmt::format("-- What the migrations make: version {}. Compared by sqlite_store_test.cpp.\n",
                                     sqlite::newest_schema_version());
    auto rows =
        database.prepare_once("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name");
    while (rows.step()) schema += "\n" + rows.text(0) + ";\n";

    expect_checked_in("sqlite_schema.sql", schema);
}

// A database of the first version, with a run that was under way: all of it is there afterwards, and goes on.
TEST(sqlite_migrations, keep_what_an_older_version_wrote) {
    const scratch_folder folder;
    {
        connection database{folder.file(), read_write};
        for (const auto& file : sqlite_files())
            if (file.path == "migrations/0001_initial.sql") database.execute(std::string{file.text});
        database.execute("PRAGMA user_version = 1");
        database.execute(R"(
            INSERT INTO orchestrator_workflows (id, workflow_name, workflow_type, steps, created_at, updated_at)
            VALUES (zeroblob(16), 'old', 'daily', '[]', 1, 1);
            INSERT INTO orchestrator_executions (id, workflow_id, workflow_name, execution_type, status, deadline_at,
                tenants_total, steps_total, steps_completed, first_log_id, last_log_id, created_at)
            VALUES (zeroblob(16), zeroblob(16), 'old', 'manual', 'running', 9, 1, 2, 1, 1, 1, 1);
            INSERT INTO orchestrator_execution_definitions (execution_id, definition)
            VALUES (zeroblob(16), '{"workflow_name":"old","steps":[]}');
            INSERT INTO orchestrator_tenant_runs (id, execution_id, tenant_id, tenant_name, subscription_tier, timezone,
                fair_rank, steps_total, status, claimed_by, claim_token)
            VALUES (7, zeroblob(16), zeroblob(16), 'Old Bakery', 'starter', 'Europe/Madrid', 1, 2, 'running', 'dead', 3);
            INSERT INTO orchestrator_step_results (tenant_run_id, step_index, status, attempts, http_status, started_at,
                duration_ms, result) VALUES (7, 0, 'completed', 1, 200, 1, 1, '{"count":1}');
            INSERT INTO orchestrator_execution_logs (execution_id, step_name, step_index, log_level, log_message, logged_at)
            VALUES (zeroblob(16), 'first', 0, 'info', 'done', 1);)");
    }
    const auto store = open_sqlite(folder.file());
    const auto execution = expect(store->find_execution({}));
    EXPECT_EQ(execution.definition, R"({"workflow_name":"old","steps":[]})");
    EXPECT_EQ(execution.status, execution_status::running);
    EXPECT_EQ(execution.steps.completed, 1);
    expect(store->renew_lease("new", std::chrono::seconds{60}, start));
    const auto claimed = expect(store->claim_runs("new", 10, system_time{milliseconds{5}}, {}));
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].for_tenant.name, "Old Bakery");
    EXPECT_EQ(claimed[0].claim.token, 4);
    ASSERT_EQ(claimed[0].recorded.size(), 1U);
    EXPECT_EQ(claimed[0].recorded[0].result, R"({"count":1})");
    connection database{folder.file(), read_write};
    auto logs = database.prepare_once("SELECT log_message FROM orchestrator_execution_logs");
    ASSERT_TRUE(logs.step());
    EXPECT_EQ(logs.text(0), "done");
}

TEST(sqlite_migrations, leave_every_reference_whole) {
    const scratch_folder folder;
    {
        const auto store = open_sqlite(folder.file());
        claim_one(*store);
    }
    connection database{folder.file(), read_write};
    EXPECT_FALSE(database.prepare_once("PRAGMA foreign_key_check").step());
}

TEST(sqlite_store, refuses_the_file_of_a_newer_program_and_leaves_it_alone) {
    const scratch_folder folder;
    open_sqlite(folder.file());
    const int newer = sqlite::newest_schema_version() + 1;
    connection{folder.file(), read_write}.execute(fmt::format("PRAGMA user_version = {}", newer));
    const auto refused = refusal(folder.file());
    EXPECT_EQ(refused.code, errc::schema_newer);
    EXPECT_THAT(refused.message,
                HasSubstr(fmt::format("schema version {}, this program knows up to {}", newer, newer - 1)));
    EXPECT_THAT(refused.message, HasSubstr("run the newer program"));
    connection database{folder.file(), read_write};
    EXPECT_EQ(sqlite::schema_version(database), newer);
}

struct foreign_file {
    std::string name;
    std::string content;
};

class sqlite_store_foreign_file : public testing::TestWithParam<foreign_file> {};

TEST_P(sqlite_store_foreign_file, is_refused_with_what_to_do_and_left_alone) {
    const scratch_folder folder;
    write_file(folder.file(), GetParam().content);
    const auto refused = refusal(folder.file());
    EXPECT_EQ(refused.code, errc::store_corrupt);
    EXPECT_THAT(refused.message, HasSubstr(folder.file()));
    EXPECT_THAT(refused.message, HasSubstr("restore a backup, or name another file"));
    EXPECT_EQ(content_of(folder.file()), GetParam().content);
}

INSTANTIATE_TEST_SUITE_P(
    files, sqlite_store_foreign_file,
    testing::Values(foreign_file{"text", "PORT=8018\nDATABASE_URL=sqlite:x\n"}, foreign_file{"two_bytes", "xy"},
                    foreign_file{"large_garbage", std::string(100'000, '\x5a')},
                    foreign_file{"header_only", std::string{"SQLite format 3\0", 16} + std::string(4'080, '\x7f')}),
    [](const auto& file) { return file.param.name; });

TEST(sqlite_store, takes_an_empty_file_for_a_new_database) {
    const scratch_folder folder;
    write_file(folder.file(), "");
    EXPECT_TRUE(expect(open_sqlite(folder.file())->list_workflows()).empty());
}

TEST(sqlite_store, refuses_a_file_with_a_damaged_page_and_says_how_to_save_what_is_left) {
    const scratch_folder folder;
    {
        const auto store = open_sqlite(folder.file());
        expect(store->insert_workflow(make_workflow(1, "workflow_1")));
        expect(store->open_execution(make_execution(1)));
        std::vector<planned_run> planned;
        for (int i = 0; i < 2'000; ++i) planned.push_back(make_run(i, i));
        expect(store->insert_runs(execution_no(1), std::move(planned), start));
    }
    auto content = content_of(folder.file());
    ASSERT_GT(content.size(), 40U * 4'096);
    const auto middle = content.size() / 4'096 / 2 * 4'096;
    write_file(folder.file(), content.replace(middle, 4'096, 4'096, '\xa5'));

    const auto refused = refusal(folder.file());
    EXPECT_EQ(refused.code, errc::store_corrupt);
    EXPECT_THAT(refused.message, HasSubstr(folder.file()));
    EXPECT_THAT(refused.message, HasSubstr("is damaged"));
    EXPECT_THAT(refused.message, HasSubstr("keep a copy"));
    EXPECT_THAT(refused.message, HasSubstr(".recover"));
    EXPECT_EQ(content_of(folder.file()), content);
}

TEST(sqlite_store, refuses_a_second_instance_until_the_first_has_gone) {
    const scratch_folder folder;
    auto first = open_sqlite(folder.file());
    const auto refused = refusal(folder.file());
    EXPECT_EQ(refused.code, errc::store_unavailable);
    EXPECT_THAT(refused.message, HasSubstr("another instance uses this database already"));
    EXPECT_THAT(in_child([&] { open_sqlite(folder.file()); }), HasSubstr("another instance"));
    expect(first->insert_workflow(make_workflow(1, "workflow_1")));
    first.reset();
    EXPECT_EQ(expect(open_sqlite(folder.file())->list_workflows()).size(), 1U);
}

TEST(sqlite_store, may_be_shared_by_a_program_that_does_not_insist) {
    const scratch_folder folder;
    const auto first = open_sqlite(folder.file());
    expect(first->insert_workflow(make_workflow(1, "workflow_1")));
    const auto second = sqlite::store::open({.path = folder.file(), .exclusive = false});
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(expect((*second)->list_workflows()).size(), 1U);
    EXPECT_EQ(fault((*second)->insert_workflow(make_workflow(2, "workflow_1"))), errc::already_exists);
}

TEST(sqlite_store, says_which_path_it_cannot_open) {
    const scratch_folder folder;
    const auto refused = refusal(folder.file("missing/orchestrator.db"));
    EXPECT_EQ(refused.code, errc::store_unavailable);
    EXPECT_THAT(refused.message, HasSubstr("missing/orchestrator.db"));
    EXPECT_THAT(refused.message, HasSubstr("No such file or directory"));
}

TEST(sqlite_store, keeps_what_was_committed_when_its_process_dies) {
    const scratch_folder folder;
    EXPECT_EQ(in_child([&] {
                  auto* store = open_sqlite(folder.file()).release();  // never closed
                  claim_one(*store);
              }),
              "");
    const auto store = open_sqlite(folder.file());
    const auto read = expect(store->find_execution(execution_no(1)));
    EXPECT_EQ(read.status, execution_status::running);
    EXPECT_TRUE(read.planning_complete);
    EXPECT_EQ(read.steps.completed, 1);
    EXPECT_EQ(expect(store->list_logs(execution_no(1), {})).size(), 1U);
    EXPECT_EQ(expect(store->list_runs(execution_no(1), {})).at(0).steps.size(), 1U);
}

TEST(sqlite_store, keeps_everything_over_a_restart) {
    const scratch_folder folder;
    {
        const auto store = open_sqlite(folder.file());
        const auto run = claim_one(*store);
        const std::vector<stored_wait> waits{
            {.step_index = 1, .attempts = 2, .retry_at = after(60), .started_at = after(1)}};
        expect(store->commit({entry_for(run, {}, parked(after(60), waits))}, after(2)));
    }
    const auto store = open_sqlite(folder.file());
    EXPECT_EQ(expect(store->next_parked_run({})), after(60));
    expect(store->renew_lease("host_2", std::chrono::seconds{1'000'000}, start));
    const auto run = expect(store->claim_runs("host_2", 1, after(60), {})).at(0);
    EXPECT_EQ(run.recorded.size(), 1U);
    EXPECT_EQ(run.waits.at(0).attempts, 2);
    auto entry = entry_for(run, {make_record(run.claim.run, 1, step_status::completed)}, ended(run_status::completed));
    entry.logs = {make_log("after the restart")};
    EXPECT_EQ(expect(store->commit({entry}, after(61))).drained.size(), 1U);
    const auto logs = expect(store->list_logs(execution_no(1), {}));
    ASSERT_EQ(logs.size(), 2U);
    EXPECT_GT(logs[1].sequence, logs[0].sequence);
    EXPECT_EQ(expect(store->finish_if_done(execution_no(1), after(62))).status, execution_status::completed);
    EXPECT_EQ(expect(store->step_summaries(execution_no(1))).at(1).latency.count(), 1);
}

// The next instance may bear the name of the dead one (a container that is started again does), and the dead one may
// have died before its first heartbeat.
struct successor {
    std::string name;
    bool dead_had_a_lease;
};

class sqlite_store_takeover : public testing::TestWithParam<successor> {};

TEST_P(sqlite_store_takeover, gives_the_claims_of_the_dead_back_at_once) {
    const scratch_folder folder;
    run_claim lost;
    {
        const auto store = open_sqlite(folder.file());
        if (GetParam().dead_had_a_lease) expect(store->renew_lease("host_1", std::chrono::seconds{3'600}, start));
        lost = claim_one(*store).claim;
    }
    const auto store = open_sqlite(folder.file());
    // As the engine begins: its own lease, then what others lost, then claims.
    expect(store->renew_lease(GetParam().name, std::chrono::seconds{10}, start));
    expect(store->release_lost_runs(start, GetParam().name));
    expect(store->renew_lease(GetParam().name, std::chrono::seconds{1'000'000}, start));
    const auto claimed = expect(store->claim_runs(GetParam().name, 10, start, {}));
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_GT(claimed[0].claim.token, lost.token);
    EXPECT_EQ(claimed[0].recorded.size(), 1U);
    EXPECT_EQ(expect(store->commit({{.claim = lost,
                                     .execution = execution_no(1),
                                     .steps = {},
                                     .logs = {},
                                     .outcome = ended(run_status::failed)}},
                                   after(1)))
                  .refused.size(),
              1U);
}

INSTANTIATE_TEST_SUITE_P(successors, sqlite_store_takeover,
                         testing::Values(successor{"host_2", true}, successor{"host_1", true},
                                         successor{"host_2", false}, successor{"host_1", false}),
                         [](const auto& of) {
                             return of.param.name + (of.param.dead_had_a_lease ? "_leased" : "_without_lease");
                         });

}  // namespace
}  // namespace orchestrator::store_test
