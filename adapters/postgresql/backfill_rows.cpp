#include "adapters/postgresql/backfill_rows.h"

#include <fmt/format.h>

#include "adapters/postgresql/execution_rows.h"
#include "adapters/postgresql/schedule_rows.h"

namespace orchestrator::postgresql {
namespace {

backfill read(const row& from) {
    return {.id = {from.id(0)},
            .workflow = {from.id(1)},
            .workflow_name = from.text(2),
            .definition = from.text(3),
            .start_date = from.date(4),
            .end_date = from.date(5),
            .max_concurrent = int(from.integer(6)),
            .created_at = from.time(7),
            .cancelled_at = from.optional_time(8),
            .done_at = from.optional_time(9)};
}

tracked_backfill track(connection& database, backfill of) {
    const auto found = database.query("backfills", "progress", of.id);
    const auto from = found.front();
    return {std::move(of), {from.integer(0), from.integer(1), from.integer(2), from.integer(3)}};
}

bool waits(connection& database, const backfill_start& start) {
    return !database.query("backfills", "waits", start.of, start.opened.scheduled_for).empty();
}

std::optional<execution_id> started_execution(connection& database, const execution& opened) {
    const auto found = database.query("backfills", "started_execution", opened.workflow, opened.scheduled_for);
    if (found.empty()) return std::nullopt;
    return execution_id{found.front().id(0)};
}

}  // namespace

void insert_backfill(connection& database, const backfill& added, const std::vector<system_time>& occurrences) {
    database.query("backfills", "insert", added.id, added.workflow, added.workflow_name, added.definition,
                   added.start_date, added.end_date, added.max_concurrent, added.created_at);
    database.query("backfills", "insert_occurrences", added.id, array_of<system_time>{occurrences});
    bump_schedule_revision(database);
}

std::vector<tracked_backfill> list_backfills(connection& database, int limit) {
    std::vector<tracked_backfill> listed;
    for (const auto& each : database.query("backfills", "list", limit)) listed.push_back(track(database, read(each)));
    return listed;
}

result<tracked_backfill> find_backfill(connection& database, backfill_id id) {
    const auto found = database.query("backfills", "find", id);
    if (found.empty()) return fail(errc::not_found, fmt::format("backfill {} is not known", to_string(id)));
    return track(database, read(found.front()));
}

result<tracked_backfill> cancel_backfill(connection& database, backfill_id id, system_time now) {
    const auto known = find_backfill(database, id);
    if (!known) return known;
    if (known->is_done()) return fail(errc::state_conflict, fmt::format("backfill {} is done", to_string(id)));
    database.query("backfills", "cancel", id, now);
    bump_schedule_revision(database);
    return find_backfill(database, id);
}

std::vector<backfill_turn> next_of_backfills(connection& database, system_time now) {
    std::vector<backfill_turn> turns;
    for (const auto& each : database.query("backfills", "not_done")) {
        auto seen = track(database, read(each));
        if (seen.is_done()) database.query("backfills", "note_done", seen.of.id, now);
        if (seen.is_done() || seen.of.cancelled_at) continue;
        const auto room = seen.of.max_concurrent - (seen.progress.opened - seen.progress.ended);
        std::vector<system_time> next;
        for (const auto& occurrence : database.query("backfills", "next", seen.of.id, std::max<std::int64_t>(room, 0)))
            next.push_back(occurrence.time(0));
        turns.push_back({std::move(seen.of), std::move(next)});
    }
    return turns;
}

std::vector<execution_id> open_backfill_executions(connection& database, const std::vector<backfill_start>& starts,
                                                   system_time now) {
    std::vector<execution_id> opened;
    for (const auto& start : starts) {
        if (!waits(database, start)) continue;
        const auto other = started_execution(database, start.opened);
        if (!other) {
            insert_executions(database, {{&start.opened, ""}});
            database.query("backfills", "note_occurrence", start.opened.workflow, start.opened.scheduled_for,
                           start.opened.id, now);
            opened.push_back(start.opened.id);
        }
        database.query("backfills", "keep_execution", start.of, start.opened.scheduled_for,
                       other.value_or(start.opened.id));
    }
    return opened;
}

}  // namespace orchestrator::postgresql
