#include "adapters/postgresql/server_state.h"

#include <fmt/format.h>

#include "adapters/postgresql/migrations.h"

namespace orchestrator::postgresql {

std::string limitation_of(std::string_view encoding) {
    if (encoding.empty() || encoding == "UTF8" || encoding == "SQL_ASCII") return {};
    return fmt::format(
        "the encoding of the database is {}: a step whose answer has characters beyond it fails as not_recordable",
        encoding);
}

server_state look_at_server(connection& database) {
    const auto found = database.query("doctor", "server");
    const auto from = found.front();
    const auto closed = database.query("doctor", "closed_tables").front().text(0);
    return {.version = from.text(0),
            .version_number = int(from.integer(1)),
            .is_read_only = from.boolean(2),
            .flushes_commits = from.boolean(3),
            .may_create = from.boolean(4),
            .encoding = database.encoding(),
            .clock = from.time(5),
            .closed_tables = closed,
            .schema_version = closed.empty() ? schema_version(database) : 0};
}

bool share_a_session(connection& one, connection& other) {
    const auto mark = std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
    one.query("doctor", "mark_session", mark);
    return other.query("doctor", "session_mark").front().text(0) == mark;
}

}  // namespace orchestrator::postgresql
