// Each table has a rule for how long its rows are kept, in docs/operations/retention.md: who adds one has to think of
// it.
#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <regex>
#include <set>

#include "adapters/sqlite/connection.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

struct tables {
    std::set<std::string> everywhere;
    std::set<std::string> of_postgresql;
};

tables documented() {
    const auto text = content_of(REPOSITORY_ROOT "/docs/operations/retention.md");
    const std::regex row{R"(\| `(orchestrator_\w+)` \| ([^\n]+) \|)"};
    tables found;
    for (std::sregex_iterator each{text.begin(), text.end(), row}; each != std::sregex_iterator{}; ++each) {
        const auto name = (*each)[1].str();
        EXPECT_TRUE(found.of_postgresql.insert(name).second) << name << " has two rules";
        if (!(*each)[2].str().ends_with("(PostgreSQL)") || name.ends_with("_results") || name.ends_with("_logs"))
            found.everywhere.insert(name);
    }
    return found;
}

TEST(retention, each_table_of_postgresql_has_a_rule) {
    const scratch_schema schema;
    open_postgresql(schema.url());
    const std::unique_ptr<PGconn, void (*)(PGconn*)> database{PQconnectdb(schema.url().c_str()), PQfinish};
    const std::unique_ptr<PGresult, void (*)(PGresult*)> names{
        PQexec(database.get(),
               "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
               "AND relkind IN ('r', 'p') AND NOT relispartition"),
        PQclear};
    std::set<std::string> made;
    for (int i = 0; i < PQntuples(names.get()); ++i) made.insert(PQgetvalue(names.get(), i, 0));
    EXPECT_EQ(made, documented().of_postgresql);
}

TEST(retention, each_table_of_sqlite_has_a_rule) {
    const scratch_folder folder;
    open_sqlite(folder.file());
    sqlite::connection database{folder.file(), sqlite::connection::mode::read_only};
    std::set<std::string> made;
    auto names =
        database.prepare_once("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'orchestrator_%'");
    while (names.step()) made.insert(names.text(0));
    EXPECT_EQ(made, documented().everywhere);
}

}  // namespace
}  // namespace orchestrator::store_test
