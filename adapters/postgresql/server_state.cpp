#include "adapters/postgresql/server_state.h"

#include "adapters/postgresql/migrations.h"

namespace orchestrator::postgresql {

server_state look_at_server(connection& database) {
    const auto found = database.query("doctor", "server");
    const auto from = found.front();
    return {.version = from.text(0),
            .version_number = int(from.integer(1)),
            .is_read_only = from.boolean(2),
            .flushes_commits = from.boolean(3),
            .may_create = from.boolean(4),
            .clock = from.time(5),
            .schema_version = schema_version(database)};
}

}  // namespace orchestrator::postgresql
