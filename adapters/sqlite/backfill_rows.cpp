#include "adapters/sqlite/backfill_rows.h"

#include <fmt/format.h>

#include "adapters/sqlite/execution_rows.h"
#include "adapters/sqlite/schedule_rows.h"

namespace orchestrator::sqlite {
namespace {

backfill read(const statement& row) {
    return {.id = {row.id(0)},
            .workflow = {row.id(1)},
            .workflow_name = row.text(2),
            .definition = row.text(3),
            .start_date = parse_date(row.text(4)).value(),
            .end_date = parse_date(row.text(5)).value(),
            .max_concurrent = int(row.integer(6)),
            .created_at = row.time(7),
            .cancelled_at = row.optional_time(8),
            .done_at = row.optional_time(9)};
}

std::vector<backfill> read_all(statement& rows) {
    std::vector<backfill> all;
    while (rows.step()) all.push_back(read(rows));
    return all;
}

tracked_backfill track(connection& database, backfill of) {
    auto row = database.query("backfills", "progress");
    row.bind(1, of.id);
    row.step();
    return {std::move(of), {row.integer(0), row.integer(1), row.integer(2), row.integer(3)}};
}

std::vector<system_time> next_of(connection& database, const backfill& of, std::int64_t room) {
    std::vector<system_time> next;
    auto rows = database.query("backfills", "next");
    rows.bind(1, of.id).bind(2, room);
    while (rows.step()) next.push_back(rows.time(0));
    return next;
}

bool waits(connection& database, const backfill_start& start) {
    auto row = database.query("backfills", "waits");
    row.bind(1, start.of).bind(2, start.opened.scheduled_for);
    return row.step();
}

std::optional<execution_id> started_execution(connection& database, const execution& opened) {
    auto row = database.query("backfills", "started_execution");
    row.bind(1, opened.workflow).bind(2, opened.scheduled_for);
    if (!row.step()) return std::nullopt;
    return execution_id{row.id(0)};
}

void keep_execution(connection& database, const backfill_start& start, execution_id id) {
    auto row = database.query("backfills", "keep_execution");
    row.bind(1, start.of).bind(2, start.opened.scheduled_for).bind(3, id);
    row.run();
}

void note_occurrence(connection& database, const execution& opened, system_time now) {
    auto row = database.query("backfills", "note_occurrence");
    row.bind(1, opened.workflow).bind(2, opened.scheduled_for).bind(3, opened.id).bind(4, now);
    row.run();
}

}  // namespace

void insert_backfill(connection& database, const backfill& added, const std::vector<system_time>& occurrences) {
    const auto first = format_date(added.start_date);
    const auto last = format_date(added.end_date);
    {
        auto row = database.query("backfills", "insert");
        row.bind(1, added.id)
            .bind(2, added.workflow)
            .bind(3, std::string_view{added.workflow_name})
            .bind(4, std::string_view{added.definition})
            .bind(5, std::string_view{first})
            .bind(6, std::string_view{last})
            .bind(7, added.max_concurrent)
            .bind(8, added.created_at);
        row.run();
    }
    for (const auto at : occurrences) {
        auto row = database.query("backfills", "insert_occurrence");
        row.bind(1, added.id).bind(2, at);
        row.run();
    }
    bump_schedule_revision(database);
}

std::vector<tracked_backfill> list_backfills(connection& database, int limit) {
    auto rows = database.query("backfills", "list");
    rows.bind(1, limit);
    std::vector<tracked_backfill> listed;
    for (auto& each : read_all(rows)) listed.push_back(track(database, std::move(each)));
    return listed;
}

result<tracked_backfill> find_backfill(connection& database, backfill_id id) {
    auto row = database.query("backfills", "find");
    row.bind(1, id);
    if (!row.step()) return fail(errc::not_found, fmt::format("backfill {} is not known", to_string(id)));
    return track(database, read(row));
}

result<tracked_backfill> cancel_backfill(connection& database, backfill_id id, system_time now) {
    const auto known = find_backfill(database, id);
    if (!known) return known;
    if (known->is_done()) return fail(errc::state_conflict, fmt::format("backfill {} is done", to_string(id)));
    {
        auto row = database.query("backfills", "cancel");
        row.bind(1, id).bind(2, now);
        row.run();
    }
    bump_schedule_revision(database);
    return find_backfill(database, id);
}

std::vector<backfill_turn> next_of_backfills(connection& database, system_time now) {
    auto rows = database.query("backfills", "not_done");
    std::vector<backfill_turn> turns;
    for (auto& each : read_all(rows)) {
        auto seen = track(database, std::move(each));
        if (seen.is_done()) {
            auto done = database.query("backfills", "note_done");
            done.bind(1, seen.of.id).bind(2, now).run();
        }
        if (seen.is_done() || seen.of.cancelled_at) continue;
        const auto room = seen.of.max_concurrent - (seen.progress.opened - seen.progress.ended);
        auto next = next_of(database, seen.of, std::max<std::int64_t>(room, 0));
        turns.push_back({std::move(seen.of), std::move(next)});
    }
    return turns;
}

std::vector<execution_id> open_backfill_executions(connection& database, const std::vector<backfill_start>& starts,
                                                   system_time now) {
    std::vector<execution_id> opened;
    for (const auto& start : starts) {
        if (!waits(database, start)) continue;
        if (const auto other = started_execution(database, start.opened)) {
            keep_execution(database, start, *other);
            continue;
        }
        insert_execution(database, start.opened, "");
        keep_execution(database, start, start.opened.id);
        note_occurrence(database, start.opened, now);
        opened.push_back(start.opened.id);
    }
    return opened;
}

}  // namespace orchestrator::sqlite
