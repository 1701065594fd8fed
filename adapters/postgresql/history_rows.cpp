#include "adapters/postgresql/history_rows.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <set>
#include <vector>

#include "adapters/postgresql/outbox_rows.h"

namespace orchestrator::postgresql {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 3> partitioned{"orchestrator_step_results", "orchestrator_execution_logs",
                                                      "orchestrator_ended_runs"};
constexpr std::string_view ended_runs = "orchestrator_ended_runs";
constexpr days made_ahead{7};
constexpr days longest_archive{400};  // that gets partitions at its first move
constexpr milliseconds longest_wait_for_table{500};

std::string name_of(std::string_view table, sys_days day) {
    const std::chrono::year_month_day date{day};
    return fmt::format("{}_{:04}{:02}{:02}", table, int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

std::set<std::string> existing_partitions(connection& database) {
    std::set<std::string> names;
    for (const auto& each : database.query("history", "partitions")) names.insert(each.text(0));
    return names;
}

// Inserts wait behind who waits for a table: not for long.
void change_tables(connection& database, const std::string& sql) {
    transaction work{database};
    database.execute(fmt::format("SET LOCAL lock_timeout = {}", longest_wait_for_table.count()));
    database.execute(sql);
    work.commit();
}

void make_partition(connection& database, std::string_view table, sys_days day) {
    try {
        change_tables(database,
                      fmt::format("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ('{}') TO ('{}')",
                                  name_of(table, day), table, to_string(first_id_at(day)),
                                  to_string(first_id_at(day + days{1}))));
    } catch (const database_error& fault) {
        if (fault.sqlstate().empty()) throw;
        // Another instance was quicker, or rows of that day are in the default partition already: there they stay.
        const bool is_settled = fault.sqlstate() == "42P07" || fault.sqlstate() == "23514";
        spdlog::log(is_settled ? spdlog::level::debug : spdlog::level::warn, "no partition {} yet: {}",
                    name_of(table, day), fault.what());
    }
}

// Of what ended before there was an archive: made while it is empty, since a partition is checked against all that lies
// in the default one.
sys_days first_day_to_archive(connection& database, sys_days today) {
    const auto first = database.query("history", "first_to_archive");
    const auto yesterday = today - days{1};
    if (first.empty()) return yesterday;
    return std::clamp(std::chrono::floor<days>(first.front().time(0)), yesterday - longest_archive, yesterday);
}

void drop_partition(connection& database, const std::string& name) {
    try {
        change_tables(database, fmt::format("DROP TABLE IF EXISTS {}", name));
    } catch (const database_error& fault) {
        if (fault.sqlstate() != "55P03") throw;
        spdlog::warn("the partition {} is in use and stays for now: {}", name, fault.what());
    }
}

std::optional<sys_days> day_of(std::string_view table, std::string_view partition) {
    if (!partition.starts_with(table) || partition.size() != table.size() + 9) return std::nullopt;
    const auto digits = partition.substr(table.size() + 1);
    if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t length) {
        unsigned value = 0;
        for (const char c : digits.substr(at, length)) value = value * 10 + unsigned(c - '0');
        return value;
    };
    return sys_days{std::chrono::year{int(number(0, 4))} / std::chrono::month{number(4, 2)} /
                    std::chrono::day{number(6, 2)}};
}

}  // namespace

void make_partitions(connection& database, system_time now) {
    const auto existing = existing_partitions(database);
    const auto today = std::chrono::floor<days>(now);
    for (const auto table : partitioned)
        for (auto day = table == ended_runs ? first_day_to_archive(database, today) : today - days{1};
             day <= today + made_ahead; day += days{1})
            if (!existing.contains(name_of(table, day))) make_partition(database, table, day);
}

history_bit forget_some(connection& database, system_time keep_from, int rows) {
    history_bit done;
    int left = rows;
    for (;;) {
        const auto old = database.query("history", "old_execution", keep_from, first_id_at(keep_from));
        if (old.empty()) break;
        const auto id = old.front().id(0);
        database.query("history", "hide_execution", id);
        for (const auto* part : {"forget_runs", "forget_ended_runs", "forget_results", "forget_logs"}) {
            left -= int(database.query("history", part, id, left).affected());
            if (left <= 0) return done;
        }
        for (const auto* part : {"forget_step_counts", "forget_step_latencies", "forget_execution"})
            left -= int(database.query("history", part, id).affected());
        ++done.executions;
        if (left <= 0) return done;
    }
    left -= forget_events(database, keep_from, left);
    for (const auto* part : {"forget_occurrences", "forget_versions", "forget_backfill_occurrences", "forget_backfills",
                             "forget_definitions", "forget_writers", "forget_metrics"}) {
        if (left <= 0) return done;
        left -= int(database.query("history", part, keep_from, left).affected());
    }
    done.is_all = left > 0;
    return done;
}

bool archive_some_runs(connection& database, system_time ended_before, int rows) {
    const auto ended = database.query("history", "to_archive", ended_before);
    if (ended.empty()) return false;
    const auto id = ended.front().id(0);
    if (database.query("history", "archive_runs", id, rows).affected() == 0)
        database.query("history", "note_archived", id);
    return true;
}

void drop_partitions(connection& database, system_time keep_from) {
    const auto oldest = database.query("history", "oldest_execution");
    for (const auto& name : existing_partitions(database))
        for (const auto table : partitioned) {
            const auto day = day_of(table, name);
            if (!day || *day + days{1} > keep_from) continue;
            const auto end = first_id_at(*day + days{1});
            if (!oldest.empty() && oldest.front().id(0) < end) continue;  // one of them is still kept
            drop_partition(database, name);
        }
}

}  // namespace orchestrator::postgresql
