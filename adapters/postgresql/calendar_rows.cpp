#include "adapters/postgresql/calendar_rows.h"

#include <fmt/format.h>

#include "adapters/postgresql/schedule_rows.h"
#include "adapters/sql/row_values.h"

namespace orchestrator::postgresql {
namespace {

std::optional<stored_calendar> newest(connection& database, const std::string& code) {
    const auto found = database.query("calendars", "newest", code);
    if (found.empty()) return std::nullopt;
    return sql::calendar_from(found.front());
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
    for (const auto& each : database.query("calendars", "list")) listed.push_back(sql::calendar_from(each));
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
    return sql::calendar_from(found.front());
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
