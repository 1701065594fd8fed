#include "server/migrate.h"

#include <fmt/format.h>

#include <cstdio>

#include "adapters/postgresql/connection.h"
#include "adapters/postgresql/migrations.h"
#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/migrations.h"
#include "cli/json_text.h"
#include "server/config_sources.h"

namespace orchestrator::server {
namespace {

constexpr int schema_is_newer = 5;
constexpr int store_is_faulty = 6;

int tell_fault(const config& chosen, std::string_view why) {
    fmt::print(stderr, "migrate: {}: {}\n", masked(chosen.database), why);
    return store_is_faulty;
}

// `migrate` and `version` are those of the store's own namespace.
template <class Connection, class Migrate, class Version>
int migrate_database(const config& chosen, bool as_json, Connection& database, Migrate migrate, Version version) {
    boost::json::array applied;
    const auto done = migrate(database, [&](std::string_view name) {
        applied.emplace_back(name);
        if (!as_json) fmt::print("applied {}\n", name);
    });
    if (!done) {
        tell_fault(chosen, done.error().message);
        return done.error().code == errc::schema_newer ? schema_is_newer : store_is_faulty;
    }
    if (as_json) {
        fmt::print("{}", cli::write_indented(boost::json::object{{"database", masked(chosen.database)},
                                                                 {"schema_version", version(database)},
                                                                 {"applied", std::move(applied)}}));
        return 0;
    }
    fmt::print("{} is at schema version {}{}\n", masked(chosen.database), version(database),
               applied.empty() ? " already" : "");
    return 0;
}

}  // namespace

int migrate(const config& chosen, bool as_json) {
    try {
        if (chosen.store == store_kind::sqlite) {
            sqlite::connection database{chosen.database, sqlite::connection::mode::read_write};
            return migrate_database(chosen, as_json, database, sqlite::migrate, sqlite::schema_version);
        }
        if (chosen.store == store_kind::postgresql) {
            postgresql::connection database{{.url = chosen.database, .answer_timeout = postgresql::longest_migration}};
            return migrate_database(chosen, as_json, database, postgresql::migrate, postgresql::schema_version);
        }
    } catch (const sqlite::database_error& fault) {
        return tell_fault(chosen, fault.what());
    } catch (const postgresql::database_error& fault) {
        return tell_fault(chosen, fault.what());
    }
    if (as_json)
        fmt::print("{}", cli::write_indented(boost::json::object{
                             {"database", "memory:"}, {"schema_version", nullptr}, {"applied", boost::json::array{}}}));
    else
        fmt::print("the memory store has no schema: nothing to do\n");
    return 0;
}

}  // namespace orchestrator::server
