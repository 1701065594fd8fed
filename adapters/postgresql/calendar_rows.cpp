#include "adapters/postgresql/calendar_rows.h"

#include <fmt/format.h>

#include "adapters/postgresql/schedule_rows.h"

namespace orchestrator::postgresql {
namespace {

stored_calendar read(const row& from) {
    return {.code = from.text(0),
            .name = from.text(1),
            .parent = from.text(2),
            .source = from.text(3),
            .version = int(from.integer(4)),
            .is_builtin = from.boolean(5),
            .is_deleted = from.boolean(6),
            .updated_at = from.time(7)};
}

std::optional<stored_calendar> newest(connection& database, const std::string& code) {
    const auto found = database.query("calendars", "newest", code);
    if (found.empty()) return std::nullopt;
    return read(found.front());
}

void insert(connection& database, const stored_calendar& added) {
    database.query("calendars", "insert", added.code, added.version, added.name, added.parent, added.source,
                   added.is_builtin, added.is_deleted, added.updated_at);
    bump_schedule_revision(database);
}

std::unexpected<error> unknown(const std::string& code) {
    return fail(errc::not_found, fmt::format("calendar \"{}\" is not known", code));
}

}  // namespace

std::vector<stored_calendar> list_calendars(connection& database) {
    std::vector<stored_calendar> listed;
    for (const auto& each : database.query("calendars", "list")) listed.push_back(read(each));
    return listed;
}

result<stored_calendar> find_calendar(connection& database, const std::string& code, int version) {
    if (version == 0) {
        auto found = newest(database, code);
        if (!found || found->is_deleted) return unknown(code);
        return std::move(*found);
    }
    const auto found = database.query("calendars", "find_version", code, version);
    if (found.empty()) return fail(errc::not_found, fmt::format("calendar \"{}\" has no version {}", code, version));
    return read(found.front());
}

stored_calendar put_calendar(connection& database, stored_calendar added) {
    database.query("calendars", "lock", added.code);
    const auto before = newest(database, added.code);
    if (before && !before->is_deleted && before->source == added.source) return *before;
    added.version = before ? before->version + 1 : 1;
    added.is_deleted = false;
    insert(database, added);
    return added;
}

result<void> delete_calendar(connection& database, const std::string& code, system_time now) {
    database.query("calendars", "lock", code);
    auto last = newest(database, code);
    if (!last || last->is_deleted) return unknown(code);
    ++last->version;
    last->is_deleted = true;
    last->is_builtin = false;
    last->updated_at = now;
    insert(database, *last);
    return {};
}

}  // namespace orchestrator::postgresql
