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

constexpr std::array<std::string_view, 2> partitioned{"orchestrator_step_results", "orchestrator_execution_logs"};
constexpr days made_ahead{7};
constexpr milliseconds longest_wait_for_table{500};
constexpr int runs_at_once = 10'000;

// The smallest id of version 7 that an execution of this day can have: its first 48 bits are milliseconds since 1970.
std::string first_id_of(sys_days day) {
    const auto at = std::chrono::duration_cast<milliseconds>(day.time_since_epoch()).count();
    return fmt::format("{:08x}-{:04x}-0000-0000-000000000000", at >> 16, at & 0xffff);
}

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
                                  name_of(table, day), table, first_id_of(day), first_id_of(day + days{1})));
    } catch (const database_error& fault) {
        if (fault.sqlstate().empty()) throw;
        // Another instance was quicker, or rows of that day are in the default partition already: there they stay.
        const bool is_settled = fault.sqlstate() == "42P07" || fault.sqlstate() == "23514";
        spdlog::log(is_settled ? spdlog::level::debug : spdlog::level::warn, "no partition {} yet: {}",
                    name_of(table, day), fault.what());
    }
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
        for (auto day = today - days{1}; day <= today + made_ahead; day += days{1})
            if (!existing.contains(name_of(table, day))) make_partition(database, table, day);
}

int forget_executions(connection& database, system_time keep_from, int most) {
    std::vector<execution_id> old;
    for (const auto& each : database.query("history", "old_executions", keep_from, most)) old.push_back({each.id(0)});
    for (const auto id : old) {
        while (database.query("history", "forget_runs", id, runs_at_once).affected() == runs_at_once) {
        }
        transaction work{database};
        for (const auto* part :
             {"forget_results", "forget_logs", "forget_step_counts", "forget_step_latencies", "forget_execution"})
            database.query("history", part, id);
        work.commit();
    }
    forget_events(database, keep_from);
    return int(old.size());
}

void drop_partitions(connection& database, system_time keep_from) {
    const auto oldest = database.query("history", "oldest_execution");
    for (const auto& name : existing_partitions(database))
        for (const auto table : partitioned) {
            const auto day = day_of(table, name);
            if (!day || *day + days{1} > keep_from) continue;
            const auto end = parse_uuid(first_id_of(*day + days{1})).value();
            if (!oldest.empty() && oldest.front().id(0) < end) continue;  // one of them is still kept
            drop_partition(database, name);
        }
}

}  // namespace orchestrator::postgresql
