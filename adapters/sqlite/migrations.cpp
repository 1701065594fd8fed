#include "adapters/sqlite/migrations.h"

#include <fmt/format.h>

#include "adapters/sql/embedded_sql.h"
#include "adapters/sqlite/embedded_files.h"

namespace orchestrator::sqlite {
namespace {

// Under the write lock, so that a second process that waited for it sees the new version and does nothing.
bool apply_if_missing(connection& database, const sql::migration& next) {
    transaction work{database};
    if (schema_version(database) >= next.version) return false;
    database.execute(std::string{next.text});
    auto broken = database.prepare_once("PRAGMA foreign_key_check");
    if (broken.step())
        throw database_error{
            errc::store_corrupt, SQLITE_CONSTRAINT_FOREIGNKEY,
            fmt::format("migration {}: a row of {} refers to one that is not there", next.name, broken.text(0))};
    database.execute(fmt::format("PRAGMA user_version = {}", next.version));
    work.commit();
    return true;
}

class foreign_keys_off {
  public:
    explicit foreign_keys_off(connection& database) : database_{database} {
        auto setting = database.prepare_once("PRAGMA foreign_keys");
        was_on_ = setting.step() && setting.integer(0) != 0;
        database.execute("PRAGMA foreign_keys = OFF");
    }
    foreign_keys_off(const foreign_keys_off&) = delete;
    foreign_keys_off& operator=(const foreign_keys_off&) = delete;
    ~foreign_keys_off() {
        try {
            if (was_on_) database_.execute("PRAGMA foreign_keys = ON");
        } catch (const database_error&) {
            // It cannot be written to; then nothing is.
        }
    }

  private:
    connection& database_;
    bool was_on_ = false;
};

}  // namespace

int newest_schema_version() { return sql::migrations(sqlite_files()).back().version; }

int schema_version(connection& database) {
    auto version = database.prepare_once("PRAGMA user_version");
    return version.step() ? int(version.integer(0)) : 0;
}

result<void> migrate(connection& database, const std::function<void(std::string_view)>& on_applied) {
    if (const int found = schema_version(database); found > newest_schema_version())
        return fail(errc::schema_newer, sql::schema_newer_message(found, newest_schema_version()));
    // A table that is made anew must not take with it what refers to it. SQLite heeds this only outside of
    // transactions.
    const foreign_keys_off unchecked{database};
    for (const auto& next : sql::migrations(sqlite_files()))
        if (apply_if_missing(database, next) && on_applied) on_applied(next.name);
    return {};
}

}  // namespace orchestrator::sqlite
