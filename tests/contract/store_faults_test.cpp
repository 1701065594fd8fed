// What is wrong with one entry, and what is wrong with the database: the first is refused alone, the second holds the
// work until it is mended.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <thread>

#include "adapters/postgresql/sqlstate.h"
#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/result_code.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

TEST(postgresql_faults, mean_what_the_manual_says) {
    const std::map<std::string_view, errc> meant{
        {"53100", errc::store_full},        {"25006", errc::store_read_only},   {"08006", errc::store_unavailable},
        {"57P01", errc::store_unavailable}, {"57014", errc::store_unavailable}, {"40001", errc::store_unavailable},
        {"53300", errc::store_unavailable}, {"55P03", errc::store_unavailable}, {"58030", errc::store_unavailable},
        {"26000", errc::store_unavailable}, {"42P05", errc::store_unavailable}, {"0A000", errc::store_unavailable},
        {"42501", errc::store_unusable},    {"42P01", errc::store_unusable},    {"42703", errc::store_unusable},
        {"42883", errc::store_unusable},    {"3F000", errc::store_unusable},    {"54000", errc::store_unusable},
        {"XX000", errc::store_unusable},    {"28000", errc::store_unusable},    {"P0001", errc::store_unusable},
        {"XX001", errc::store_corrupt},     {"XX002", errc::store_corrupt},     {"22021", errc::entry_refused},
        {"22P05", errc::entry_refused},     {"22001", errc::entry_refused},     {"23514", errc::entry_refused},
        {"23503", errc::entry_refused},
    };
    for (const auto& [sqlstate, code] : meant) EXPECT_EQ(postgresql::meaning_of(sqlstate), code) << sqlstate;
    for (const auto* ending : {"08006", "57P01", "25P03", "25006", "26000", "42P05", "0A000"})
        EXPECT_TRUE(postgresql::ends_session(ending)) << ending;
    for (const auto* going_on : {"42501", "42P01", "23505", "22021", "40001"})
        EXPECT_FALSE(postgresql::ends_session(going_on)) << going_on;
}

TEST(sqlite_faults, mean_what_the_manual_says) {
    const std::map<int, errc> meant{
        {SQLITE_FULL, errc::store_full},         {SQLITE_READONLY, errc::store_read_only},
        {SQLITE_PERM, errc::store_read_only},    {SQLITE_CORRUPT, errc::store_corrupt},
        {SQLITE_NOTADB, errc::store_corrupt},    {SQLITE_CONSTRAINT, errc::entry_refused},
        {SQLITE_TOOBIG, errc::entry_refused},    {SQLITE_MISMATCH, errc::entry_refused},
        {SQLITE_BUSY, errc::store_unavailable},  {SQLITE_IOERR_WRITE, errc::store_unavailable},
        {SQLITE_NOMEM, errc::store_unavailable}, {SQLITE_CANTOPEN, errc::store_unavailable},
        {SQLITE_ERROR, errc::store_unusable},    {SQLITE_AUTH, errc::store_unusable},
        {SQLITE_MISUSE, errc::store_unusable},   {SQLITE_CONSTRAINT_CHECK, errc::entry_refused},
    };
    for (const auto& [code, meaning] : meant) EXPECT_EQ(sqlite::meaning_of(code), meaning) << code;
}

// A store with a claimed run, and somebody else at its database.
class mended_store : public testing::TestWithParam<std::string_view> {
  protected:
    mended_store() {
        expect(store().insert_workflow(make_workflow(1, "workflow_1")));
        expect(store().open_execution(make_execution(1)));
        expect(store().insert_runs(execution_no(1), {make_run(1)}, start));
        expect(store().renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
        run_ = expect(store().claim_runs("host_1", 1, start, {})).at(0);
    }
    stores& store() { return *store_; }
    void at_database(const std::string& sql) {
        if (GetParam() == "sqlite")
            sqlite::connection{folder_.file(), sqlite::connection::mode::read_write}.execute(sql);
        else
            postgresql::connection{{.url = schema_->url()}}.execute(sql);
    }
    // What PostgreSQL has prepared goes on with a table of another name, so it is asked by a new session.
    result<journal_receipt> commit_anew(const std::vector<journal_entry>& entries) {
        if (!schema_) return ask(store().commit(entries, start));
        auto another = postgresql::store::open({.url = schema_->url()});
        if (!another) return std::unexpected{another.error()};
        return ask((*another)->commit(entries, start));
    }
    [[nodiscard]] std::vector<journal_entry> outcome() const {
        auto entry = entry_for(run_, {make_record(run_.claim.run, 0, step_status::completed)});
        entry.logs = {make_log("one")};
        return {entry};
    }

  private:
    scratch_folder folder_;
    std::unique_ptr<scratch_schema> schema_ = GetParam() == "postgresql" ? std::make_unique<scratch_schema>() : nullptr;
    std::unique_ptr<stores> store_ = schema_ ? std::unique_ptr<stores>{open_postgresql(schema_->url())}
                                             : std::unique_ptr<stores>{open_sqlite(folder_.file())};

  protected:
    claimed_run run_;
};

TEST_P(mended_store, takes_the_outcome_again_once_its_table_is_back) {
    for (const auto* table : {"tenant_runs", "step_results", "execution_logs", "executions", "step_counts"}) {
        const auto name = std::string{"orchestrator_"} + table;
        at_database("ALTER TABLE " + name + " RENAME TO elsewhere");
        const auto refused = commit_anew(outcome());
        ASSERT_FALSE(refused) << table;
        EXPECT_EQ(refused.error().code, errc::store_unusable) << table << ": " << refused.error().message;
        EXPECT_TRUE(is_store_fault(refused.error().code));
        EXPECT_TRUE(refused.error().message.contains(name)) << refused.error().message;
        at_database("ALTER TABLE elsewhere RENAME TO " + name);
    }
    EXPECT_TRUE(expect(store().commit(outcome(), start)).refused.empty());
    EXPECT_EQ(expect(store().find_execution(execution_no(1))).steps.completed, 1);
}

TEST_P(mended_store, refuses_one_entry_that_breaks_a_rule) {
    auto entries = outcome();
    for (int i = 1; i < 100; ++i)  // more steps than the execution has
        entries[0].steps.push_back(make_record(run_.claim.run, i, step_status::completed));
    const auto refused = ask(store().commit(entries, start));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::entry_refused) << refused.error().message;
    EXPECT_TRUE(expect(store().commit(outcome(), start)).refused.empty());
}

TEST(postgresql_faults, a_text_beyond_the_encoding_of_the_database_is_refused_alone) {
    const scratch_database latin{"ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"};
    const auto store = open_postgresql(latin.url());
    EXPECT_TRUE(store->limitation().contains("LATIN1")) << store->limitation();
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    expect(store->open_execution(make_execution(1)));
    auto bakery = make_run(1);
    bakery.for_tenant.name = "Пекарня";
    const auto planned = ask(store->insert_runs(execution_no(1), {bakery}, start));
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().code, errc::entry_refused) << planned.error().message;
    bakery.for_tenant.name = "Padaria do João";
    expect(store->insert_runs(execution_no(1), {bakery}, start));
    expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    const auto run = expect(store->claim_runs("host_1", 1, start, {})).at(0);
    EXPECT_EQ(run.for_tenant.name, "Padaria do João");
    auto entry = entry_for(run, {make_record(run.claim.run, 0, step_status::completed)});
    entry.logs = {make_log("хлеб")};
    const auto refused = ask(store->commit({entry}, start));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::entry_refused) << refused.error().message;
    entry.logs = {make_log("pão")};
    EXPECT_TRUE(expect(store->commit({entry}, start)).refused.empty());
    const scratch_database utf{"ENCODING 'UTF8'"};
    EXPECT_EQ(open_postgresql(utf.url())->limitation(), "");
}

TEST(postgresql_faults, a_session_sets_what_it_needs_whatever_the_database_says) {
    scratch_database at{"ENCODING 'UTF8'"};
    for (const auto* setting : {"default_transaction_isolation = serializable", "default_transaction_deferrable = on",
                                "timezone = 'Asia/Tokyo'", "client_encoding = 'LATIN1'", "DateStyle = 'German'",
                                "standard_conforming_strings = off", "bytea_output = 'escape'"})
        at.set(setting);
    const auto store = open_postgresql(at.url());
    expect(store->insert_workflow(make_workflow(1, "workflow_1")));
    constexpr int many = 24;
    std::atomic<int> opened = 0;
    {
        std::vector<std::jthread> openers;
        for (int i = 1; i <= many; ++i)
            openers.emplace_back([&, i] {
                const auto another = open_postgresql(at.url());
                if (ask(another->open_execution(make_execution(i)))) ++opened;
            });
    }
    EXPECT_EQ(opened, many) << "as serializable, one would be refused by the other's: 40001";
    auto bakery = make_run(1);
    bakery.for_tenant.name = "Пекарня \\ 'a'";
    expect(store->insert_runs(execution_no(1), {bakery}, start));
    expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
    EXPECT_EQ(expect(store->claim_runs("host_1", 1, start, {})).at(0).for_tenant.name, bakery.for_tenant.name);
    EXPECT_EQ(expect(store->find_execution(execution_no(1))).created_at, make_execution(1).created_at);
}

INSTANTIATE_TEST_SUITE_P(stores, mended_store, testing::Values("sqlite", "postgresql"),
                         [](const auto& kind) { return std::string{kind.param}; });

}  // namespace
}  // namespace orchestrator::store_test
