#include "adapters/postgresql/sqlstate.h"

#include <algorithm>
#include <array>

namespace orchestrator::postgresql {
namespace {

constexpr std::string_view disk_full = "53100";
constexpr std::string_view read_only_transaction = "25006";
constexpr std::string_view data_corrupted = "XX001";
constexpr std::string_view index_corrupted = "XX002";
constexpr std::string_view cached_plan_changed = "0A000";
// Of a server that goes down, a standby, or one that has no room: it passes by itself.
constexpr std::array<std::string_view, 7> passing{"08", "53", "57", "58", "40", "55", "25"};
// A value that the database cannot hold, and a constraint.
constexpr std::array<std::string_view, 2> of_one_entry{"22", "23"};
// A prepared statement is not there, or is there already: something between us and the server shares its sessions.
constexpr std::array<std::string_view, 2> statement_lost{"26000", "42P05"};

bool is_in(auto& list, std::string_view what) { return std::ranges::find(list, what) != list.end(); }

}  // namespace

errc meaning_of(std::string_view sqlstate) {
    const auto its_class = sqlstate.substr(0, 2);
    if (sqlstate == disk_full) return errc::store_full;
    if (sqlstate == read_only_transaction) return errc::store_read_only;
    if (sqlstate == data_corrupted || sqlstate == index_corrupted) return errc::store_corrupt;
    if (sqlstate == cached_plan_changed || is_in(statement_lost, sqlstate) || is_in(passing, its_class))
        return errc::store_unavailable;
    if (is_in(of_one_entry, its_class)) return errc::entry_refused;
    return errc::store_unusable;
}

bool ends_session(std::string_view sqlstate) {
    return sqlstate.starts_with("08") || sqlstate.starts_with("57P") || sqlstate == "25P03" ||
           sqlstate == read_only_transaction || sqlstate == cached_plan_changed || is_in(statement_lost, sqlstate);
}

}  // namespace orchestrator::postgresql
