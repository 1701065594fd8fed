#include "server/migrate.h"

#include <fmt/format.h>

#include <cstdio>

#include "adapters/sqlite/connection.h"
#include "adapters/sqlite/migrations.h"

namespace orchestrator::server {

int migrate(const config& chosen) {
    if (chosen.store == store_kind::memory) {
        fmt::print("the memory store has no schema: nothing to do\n");
        return 0;
    }
    try {
        sqlite::connection database{chosen.database_path, sqlite::connection::mode::read_write};
        int applied = 0;
        const auto done = sqlite::migrate(database, [&](std::string_view name) {
            ++applied;
            fmt::print("applied {}\n", name);
        });
        if (!done) {
            fmt::print(stderr, "migrate: {}: {}\n", chosen.database_path, done.error().message);
            return done.error().code == errc::schema_newer ? 5 : 6;
        }
        fmt::print("{} is at schema version {}{}\n", chosen.database_path, sqlite::schema_version(database),
                   applied == 0 ? " already" : "");
        return 0;
    } catch (const sqlite::database_error& fault) {
        fmt::print(stderr, "migrate: {}: {}\n", chosen.database_path, fault.what());
        return 6;
    }
}

}  // namespace orchestrator::server
