#include "adapters/sqlite/history_rows.h"

#include <algorithm>
#include <array>
#include <optional>

#include "adapters/sqlite/outbox_rows.h"

namespace orchestrator::sqlite {
namespace {

constexpr int rows_of_a_run = 8;          // with its results
constexpr int rows_of_an_execution = 30;  // with its counts, and what it takes to find it

struct old_execution {
    uuid id;
    std::int64_t first_log = 0;
    std::int64_t last_log = 0;
};

std::optional<old_execution> find_old_execution(connection& database, system_time keep_from) {
    const auto first_kept = first_id_at(keep_from);
    auto row = database.query("history", "old_execution");
    row.bind(1, keep_from).bind(2, first_kept);
    if (!row.step()) return std::nullopt;
    return old_execution{row.id(0), row.integer(1), row.integer(2)};
}

int forget_runs(connection& database, const old_execution& of, int most) {
    int rows = 0;
    for (const auto* part : {"forget_results", "forget_runs"}) {
        auto row = database.query("history", part);
        row.bind(1, of.id).bind(2, std::max(1, most / rows_of_a_run)).run();
        rows += int(database.changes());
    }
    return rows;
}

// How many lines were looked at.
int forget_logs(connection& database, const old_execution& of, int most) {
    if (of.first_log == 0 || of.first_log > of.last_log) return 0;
    const auto last = std::min(of.last_log, of.first_log + most - 1);
    auto lines = database.query("history", "forget_logs");
    lines.bind(1, of.id).bind(2, of.first_log).bind(3, last).run();
    auto next = database.query("history", "note_first_log");
    next.bind(1, of.id).bind(2, last + 1).run();
    return int(last + 1 - of.first_log);
}

void forget_execution(connection& database, const old_execution& of) {
    for (const auto* part : {"forget_retries", "forget_execution"}) {
        auto row = database.query("history", part);
        row.bind(1, of.id).run();
    }
}

}  // namespace

history_bit forget_some(connection& database, system_time keep_from, int rows) {
    history_bit done;
    int left = rows;
    while (const auto old = find_old_execution(database, keep_from)) {
        auto hidden = database.query("history", "hide_execution");
        hidden.bind(1, old->id).run();
        const int of_runs = forget_runs(database, *old, left);
        left -= of_runs;
        if (left <= 0) return done;
        if (of_runs > 0) continue;
        const int of_logs = forget_logs(database, *old, left);
        left -= of_logs;
        if (left <= 0) return done;
        if (of_logs > 0) continue;
        forget_execution(database, *old);
        ++done.executions;
        left -= rows_of_an_execution;
        if (left <= 0) return done;
    }
    left -= forget_events(database, keep_from, left);
    for (const auto* part : {"forget_occurrences", "forget_versions", "forget_backfill_occurrences", "forget_backfills",
                             "forget_definitions"}) {
        if (left <= 0) return done;
        auto some = database.query("history", part);
        some.bind(1, keep_from).bind(2, left).run();
        left -= int(database.changes());
    }
    done.is_all = left > 0;
    return done;
}

}  // namespace orchestrator::sqlite
