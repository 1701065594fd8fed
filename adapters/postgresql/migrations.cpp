#include "adapters/postgresql/migrations.h"

#include <fmt/format.h>

#include "adapters/postgresql/embedded_files.h"
#include "adapters/sql/embedded_sql.h"

namespace orchestrator::postgresql {
namespace {

constexpr milliseconds longest_wait_for_table{10'000};

// True: it was applied here. The lock ends with the transaction; who waited for it sees the new version.
bool apply_if_missing(connection& database, const sql::migration& next) {
    transaction work{database};
    database.query("migrations", "lock");
    if (schema_version(database) >= next.version) return false;
    // Whoever uses a table waits behind us while we wait for it.
    database.execute(fmt::format("SET LOCAL lock_timeout = {}", longest_wait_for_table.count()));
    database.execute(std::string{next.text});
    database.query("migrations", "note", next.version, next.name);
    work.commit();
    return true;
}

}  // namespace

int newest_schema_version() { return sql::migrations(postgresql_files()).back().version; }

int schema_version(connection& database) {
    if (!database.query("migrations", "table_exists").front().boolean(0)) return 0;
    return int(database.query("migrations", "version").front().integer(0));
}

result<void> migrate(connection& database, const std::function<void(std::string_view)>& on_applied) {
    {
        transaction work{database};
        database.query("migrations", "lock");
        database.query("migrations", "make_table");
        work.commit();
    }
    if (const int found = schema_version(database); found > newest_schema_version())
        return fail(errc::schema_newer, sql::schema_newer_message(found, newest_schema_version()));
    for (const auto& next : sql::migrations(postgresql_files()))
        if (apply_if_missing(database, next) && on_applied) on_applied(next.name);
    return {};
}

}  // namespace orchestrator::postgresql
