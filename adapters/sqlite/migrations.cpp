#include "adapters/sqlite/migrations.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "adapters/sqlite/embedded_sql.h"

namespace orchestrator::sqlite {
namespace {

struct migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

// In order of version: the files are embedded in the order of their names.
std::vector<migration> all_migrations() {
    constexpr std::string_view folder = "migrations/";
    std::vector<migration> found;
    for (const auto& file : sqlite_files()) {
        if (!file.path.starts_with(folder)) continue;
        const auto name = file.path.substr(folder.size());
        int version = 0;
        std::from_chars(name.data(), name.data() + name.size(), version);
        found.push_back({version, name, file.text});
    }
    return found;
}

// Under the write lock, so that a second process that waited for it sees the new version and does nothing.
bool apply_if_missing(connection& database, const migration& next) {
    transaction work{database};
    if (schema_version(database) >= next.version) return false;
    database.execute(std::string{next.sql});
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

int newest_schema_version() { return all_migrations().back().version; }

int schema_version(connection& database) {
    auto version = database.prepare_once("PRAGMA user_version");
    return version.step() ? int(version.integer(0)) : 0;
}

result<void> migrate(connection& database, const std::function<void(std::string_view)>& on_applied) {
    if (const int found = schema_version(database); found > newest_schema_version())
        return fail(
            errc::schema_newer,
            fmt::format("the database has schema version {}, this program knows up to {}: run the newer program "
                        "that wrote it, or restore a backup from before the upgrade",
                        found, newest_schema_version()));
    // A table that is made anew must not take with it what refers to it. SQLite heeds this only outside of
    // transactions.
    const foreign_keys_off unchecked{database};
    for (const auto& next : all_migrations())
        if (apply_if_missing(database, next) && on_applied) on_applied(next.name);
    return {};
}

}  // namespace orchestrator::sqlite
