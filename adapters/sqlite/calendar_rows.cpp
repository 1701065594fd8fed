#include "adapters/sqlite/calendar_rows.h"

#include <fmt/format.h>

#include "adapters/sql/row_values.h"
#include "adapters/sqlite/schedule_rows.h"

namespace orchestrator::sqlite {
namespace {

std::optional<stored_calendar> newest(connection& database, const std::string& code) {
    auto row = database.query("calendars", "newest");
    row.bind(1, std::string_view{code});
    if (!row.step()) return std::nullopt;
    return sql::calendar_from(row);
}

void insert(connection& database, const stored_calendar& added) {
    auto row = database.query("calendars", "insert");
    row.bind(1, std::string_view{added.code})
        .bind(2, added.version)
        .bind(3, std::string_view{added.name})
        .bind(4, std::string_view{added.parent})
        .bind(5, std::string_view{added.source})
        .bind(6, added.is_builtin)
        .bind(7, added.is_deleted)
        .bind(8, added.updated_at);
    row.run();
    bump_schedule_revision(database);
}

std::unexpected<error> unknown(const std::string& code) {
    return fail(errc::not_found, fmt::format("calendar \"{}\" is not known", code));
}

}  // namespace

std::vector<stored_calendar> list_calendars(connection& database) {
    std::vector<stored_calendar> listed;
    auto rows = database.query("calendars", "list");
    while (rows.step()) listed.push_back(sql::calendar_from(rows));
    return listed;
}

result<stored_calendar> find_calendar(connection& database, const std::string& code, int version) {
    if (version == 0) {
        auto found = newest(database, code);
        if (!found || found->is_deleted) return unknown(code);
        return std::move(*found);
    }
    auto row = database.query("calendars", "find_version");
    row.bind(1, std::string_view{code}).bind(2, version);
    if (!row.step()) return fail(errc::not_found, fmt::format("calendar \"{}\" has no version {}", code, version));
    return sql::calendar_from(row);
}

stored_calendar put_calendar(connection& database, stored_calendar added) {
    const auto before = newest(database, added.code);
    if (before && !before->is_deleted && before->source == added.source) return *before;
    added.version = before ? before->version + 1 : 1;
    added.is_deleted = false;
    insert(database, added);
    return added;
}

result<void> delete_calendar(connection& database, const std::string& code, system_time now) {
    auto last = newest(database, code);
    if (!last || last->is_deleted) return unknown(code);
    ++last->version;
    last->is_deleted = true;
    last->is_builtin = false;
    last->updated_at = now;
    insert(database, *last);
    return {};
}

}  // namespace orchestrator::sqlite
